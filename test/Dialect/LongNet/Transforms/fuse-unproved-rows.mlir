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

// A grid need not hold every query.
//
// CHECK-LABEL: func @queries_on_grid(
// CHECK-NOT: longnet.attend [
func.func @queries_on_grid(%q: !seq, %k: !seq, %x: !at, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 grid %x : !at : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// The branch counts phases in segments of another length.
//
// CHECK-LABEL: func @segment_length(
// CHECK-NOT: longnet.attend [
func.func @segment_length(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 8, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 8, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Keys are cut into other segments, if on the queries' grid.
//
// CHECK-LABEL: func @key_segment_length(
// CHECK-NOT: longnet.attend [
func.func @key_segment_length(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 8 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Queries and keys are kept by different branches.
//
// CHECK-LABEL: func @branches_differ(
// CHECK-NOT: longnet.attend [
func.func @branches_differ(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2, heads = none> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// All keys are attended to, but not all queries attend.
//
// CHECK-LABEL: func @keys_not_sparse(
// CHECK-NOT: longnet.attend [
func.func @keys_not_sparse(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %ks#0, %ks#0 : !rows, !rows, !rows) at(%qk#1, %ks#1 : !p, !at)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Keys are cut on a grid that is not the queries'.
//
// CHECK-LABEL: func @other_grid(
// CHECK-NOT: longnet.attend [
func.func @other_grid(%q: !seq, %k: !seq, %x: !at, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %x : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Without a grid, there are as many segments of keys only if as many rows.
//
// CHECK-LABEL: func @key_rows(
// CHECK-NOT: longnet.attend [
func.func @key_rows(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Without a grid, keys need the queries' origin.
//
// CHECK-LABEL: func @key_origin(
// CHECK-NOT: longnet.attend [
func.func @key_origin(%q: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %q by 16 origin %x : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Keys and values on one grid, from different origins.
//
// CHECK-LABEL: func @value_origin(
// CHECK-NOT: longnet.attend [
func.func @value_origin(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %vs:2 = longnet.segment %k by 16 origin %x grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %vk:2 = longnet.sparsify <segment = 16, dilation = 2> %vs#0 at %vs#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %vk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Keys and values on one grid, perhaps of different lengths.
//
// CHECK-LABEL: func @value_rows(
// CHECK-NOT: longnet.attend [
func.func @value_rows(%q: !seq, %k: !seq, %v: !seq, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %vs:2 = longnet.segment %v by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %vk:2 = longnet.sparsify <segment = 16, dilation = 2> %vs#0 at %vs#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %vk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}
