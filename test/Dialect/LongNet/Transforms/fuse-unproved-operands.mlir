// RUN: longnet-opt %s -longnet-fuse | FileCheck %s -enable-var-scope

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>
!rows = tensor<1x4x?x?x8xf32>
!rows_lse = tensor<1x4x?x?xf32>
!at = tensor<?x?xindex>
!p = tensor<4x?x?xindex>

// What the others differ from.
//
// CHECK-LABEL: func @proved(
// CHECK: longnet.attend [
func.func @proved(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Query rows are kept for heads that may not be the query's.
//
// CHECK-LABEL: func @query_heads(
// CHECK-NOT: longnet.attend [
func.func @query_heads(%q: tensor<1x?x?x8xf32>, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<1x?x?x8xf32>
  %qs:2 = longnet.segment %q by 16 : (tensor<1x?x?x8xf32>) -> (tensor<1x?x?x?x8xf32>), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 heads %x
      : (tensor<1x?x?x?x8xf32>), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Key rows are kept for heads that may not be the query's.
//
// CHECK-LABEL: func @key_heads(
// CHECK-NOT: longnet.attend [
func.func @key_heads(%q: !seq, %k: tensor<1x?x?x8xf32>, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (tensor<1x?x?x8xf32>) -> (tensor<1x?x?x?x8xf32>), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 heads %x
      : (tensor<1x?x?x?x8xf32>), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Keys and values may be of different heads, spread over as many.
//
// CHECK-LABEL: func @key_groups(
// CHECK-NOT: longnet.attend [
func.func @key_groups(%q: !seq, %k: tensor<1x?x?x8xf32>, %v: tensor<1x?x?x8xf32>, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:3 = longnet.segment %k, %v by 16 grid %qs#1 : !at
      : (tensor<1x?x?x8xf32>, tensor<1x?x?x8xf32>) -> (tensor<1x?x?x?x8xf32>, tensor<1x?x?x?x8xf32>), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %h = arith.constant 4 : index
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#2 heads %h
      : (tensor<1x?x?x?x8xf32>), !at -> (!rows), !p
  %vk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#1 at %ks#2 heads %h
      : (tensor<1x?x?x?x8xf32>), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %vk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// `attend` needs to know the head dimension.
//
// CHECK-LABEL: func @head_dimension(
// CHECK-NOT: longnet.attend [
func.func @head_dimension(%q: !seq, %k: tensor<1x4x?x?xf32>, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (tensor<1x4x?x?xf32>) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Pieces of unknown sizes hide that those of their sequences contradict.
//
// CHECK-LABEL: func @batch_sizes(
// CHECK-NOT: longnet.attend [
func.func @batch_sizes(%q: !seq, %k: tensor<2x4x?x8xf32>, %o: tensor<?x4x?x?x8xf32>, %l: tensor<?x4x?x?xf32>) -> (tensor<?x4x?x8xf32>, tensor<?x4x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (tensor<?x4x?x?x8xf32>), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (tensor<2x4x?x8xf32>) -> (tensor<?x4x?x?x8xf32>), !at
  %a:2 = longnet.attention ins(%qs#0, %ks#0, %ks#0 : tensor<?x4x?x?x8xf32>, tensor<?x4x?x?x8xf32>, tensor<?x4x?x?x8xf32>)
      at(%qs#1, %ks#1 : !at, !at) outs(%o, %l : tensor<?x4x?x?x8xf32>, tensor<?x4x?x?xf32>)
      -> tensor<?x4x?x?x8xf32>, tensor<?x4x?x?xf32>
  %r:2 = longnet.scatter %a#0, %a#1 at %qs#1 into %n
      : (tensor<?x4x?x?x8xf32>, tensor<?x4x?x?xf32>), !at -> (tensor<?x4x?x8xf32>, tensor<?x4x?xf32>)
  return %r#0, %r#1 : tensor<?x4x?x8xf32>, tensor<?x4x?xf32>
}

// Neither are key heads told that do not divide the query's.
//
// CHECK-LABEL: func @head_groups(
// CHECK-NOT: longnet.attend [
func.func @head_groups(%q: !seq, %k: tensor<1x3x?x8xf32>, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (tensor<1x3x?x8xf32>) -> (tensor<1x?x?x?x8xf32>), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %h = arith.constant 4 : index
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 heads %h
      : (tensor<1x?x?x?x8xf32>), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Phases are listed for heads that the query does not tell.
//
// CHECK-LABEL: func @listed_phases(
// CHECK-NOT: longnet.attend [
func.func @listed_phases(%q: tensor<1x?x?x8xf32>, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<1x?x?x8xf32>
  %qs:2 = longnet.segment %q by 16 : (tensor<1x?x?x8xf32>) -> (tensor<1x?x?x?x8xf32>), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2, heads = [0, 1, 0, 1]> %qs#0 at %qs#1
      : (tensor<1x?x?x?x8xf32>), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %qk#0, %qk#0 : !rows, !rows, !rows) at(%qk#1, %qk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// The result has a batch that the query contradicts.
//
// CHECK-LABEL: func @result_sizes(
// CHECK-NOT: longnet.attend [
func.func @result_sizes(%q: !seq, %o: tensor<?x4x?x?x8xf32>, %l: tensor<?x4x?x?xf32>) -> (tensor<2x4x?x8xf32>, tensor<?x4x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (tensor<?x4x?x?x8xf32>), !at
  %a:2 = longnet.attention ins(%qs#0, %qs#0, %qs#0 : tensor<?x4x?x?x8xf32>, tensor<?x4x?x?x8xf32>, tensor<?x4x?x?x8xf32>)
      at(%qs#1, %qs#1 : !at, !at) outs(%o, %l : tensor<?x4x?x?x8xf32>, tensor<?x4x?x?xf32>)
      -> tensor<?x4x?x?x8xf32>, tensor<?x4x?x?xf32>
  %r:2 = longnet.scatter %a#0, %a#1 at %qs#1 into %n
      : (tensor<?x4x?x?x8xf32>, tensor<?x4x?x?xf32>), !at -> (tensor<2x4x?x8xf32>, tensor<?x4x?xf32>)
  return %r#0, %r#1 : tensor<2x4x?x8xf32>, tensor<?x4x?xf32>
}
