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

// Query rows are kept where the keys stand.
//
// CHECK-LABEL: func @kept_elsewhere(
// CHECK-NOT: longnet.attend [
func.func @kept_elsewhere(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Attention masks keys by positions of the queries.
//
// CHECK-LABEL: func @attention_elsewhere(
// CHECK-NOT: longnet.attend [
func.func @attention_elsewhere(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %qk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Results go where the keys stand.
//
// CHECK-LABEL: func @scattered_elsewhere(
// CHECK-NOT: longnet.attend [
func.func @scattered_elsewhere(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %kk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Results go back shifted.
//
// CHECK-LABEL: func @scattered_from_other_origin(
// CHECK-NOT: longnet.attend [
func.func @scattered_from_other_origin(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n origin %x : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// The result need not have as many rows as the query.
//
// CHECK-LABEL: func @scattered_length(
// CHECK-NOT: longnet.attend [
func.func @scattered_length(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %x : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Rows and lse come from different attentions.
//
// CHECK-LABEL: func @lse_of_another(
// CHECK-NOT: longnet.attend [
func.func @lse_of_another(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %b:2 = longnet.attention causal ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %b#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Rows are scattered that no attention yields.
//
// CHECK-LABEL: func @no_attention(
// CHECK-NOT: longnet.attend [
func.func @no_attention(%q: !seq, %k: !seq, %x: !rows_lse, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %r:2 = longnet.scatter %qk#0, %x at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Rows are kept that no segment yields.
//
// CHECK-LABEL: func @no_segment(
// CHECK-NOT: longnet.attend [
func.func @no_segment(%q: !seq, %k: !seq, %x: !rows, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2> %x at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2> %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}
