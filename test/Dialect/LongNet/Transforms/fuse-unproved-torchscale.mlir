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
  %qs:3 = longnet.segment %q, %k by 16 : (!seq, !seq) -> (!rows, !rows), !at
  %qk:3 = longnet.sparsify <segment = 16, dilation = 2, heads = blocked, padding = torchscale>
      %qs#0, %qs#1 at %qs#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %a:2 = longnet.attention ins(%qk#0, %qk#1, %qk#1 : !rows, !rows, !rows) at(%qk#2, %qk#2 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#2 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Rows are laid out off their queries: 16 is no multiple of 3.
//
// CHECK-LABEL: func @moves_rows(
// CHECK-NOT: longnet.attend [
func.func @moves_rows(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:3 = longnet.segment %q, %k by 16 : (!seq, !seq) -> (!rows, !rows), !at
  %qk:3 = longnet.sparsify <segment = 16, dilation = 3, heads = blocked, padding = torchscale>
      %qs#0, %qs#1 at %qs#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %a:2 = longnet.attention ins(%qk#0, %qk#1, %qk#1 : !rows, !rows, !rows) at(%qk#2, %qk#2 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#2 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// The padding has no meaning under a mask.
//
// CHECK-LABEL: func @causal(
// CHECK-NOT: longnet.attend [
func.func @causal(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:3 = longnet.segment %q, %k by 16 : (!seq, !seq) -> (!rows, !rows), !at
  %qk:3 = longnet.sparsify <segment = 16, dilation = 2, heads = blocked, padding = torchscale>
      %qs#0, %qs#1 at %qs#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %a:2 = longnet.attention causal ins(%qk#0, %qk#1, %qk#1 : !rows, !rows, !rows) at(%qk#2, %qk#2 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#2 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// The padding has no meaning with key lengths.
//
// CHECK-LABEL: func @lengths(
// CHECK-NOT: longnet.attend [
func.func @lengths(%q: !seq, %k: !seq, %x: tensor<1xindex>, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:3 = longnet.segment %q, %k by 16 : (!seq, !seq) -> (!rows, !rows), !at
  %qk:3 = longnet.sparsify <segment = 16, dilation = 2, heads = blocked, padding = torchscale>
      %qs#0, %qs#1 at %qs#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %a:2 = longnet.attention ins(%qk#0, %qk#1, %qk#1 : !rows, !rows, !rows) at(%qk#2, %qk#2 : !p, !p)
      kv_lengths(%x : tensor<1xindex>) outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#2 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// The padding has no meaning at an offset.
//
// CHECK-LABEL: func @offset(
// CHECK-NOT: longnet.attend [
func.func @offset(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:3 = longnet.segment %q, %k by 16 origin %x : (!seq, !seq) -> (!rows, !rows), !at
  %qk:3 = longnet.sparsify <segment = 16, dilation = 2, heads = blocked, padding = torchscale>
      %qs#0, %qs#1 at %qs#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %a:2 = longnet.attention ins(%qk#0, %qk#1, %qk#1 : !rows, !rows, !rows) at(%qk#2, %qk#2 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#2 into %n origin %x : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// There may be more keys than queries, or fewer.
//
// CHECK-LABEL: func @rows(
// CHECK-NOT: longnet.attend [
func.func @rows(%q: !seq, %k: !seq, %x: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:2 = longnet.segment %q by 16 : (!seq) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 grid %qs#1 : !at : (!seq) -> (!rows), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 2, heads = blocked, padding = torchscale>
      %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 2, heads = blocked, padding = torchscale>
      %ks#0 at %ks#1 : (!rows), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %kk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}
