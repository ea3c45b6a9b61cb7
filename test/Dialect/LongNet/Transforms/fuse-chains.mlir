// RUN: longnet-opt %s -longnet-fuse | FileCheck %s -enable-var-scope --implicit-check-not="longnet.{{segment|sparsify|attention|scatter}}"

// Chains written by hand reach the same kernels.

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>
!rows = tensor<1x4x?x?x8xf32>
!rows_lse = tensor<1x4x?x?xf32>
!at = tensor<?x?xindex>
!p = tensor<4x?x?xindex>

// Block-local attention. Nothing combines it, and its heads agree because
// `attention` says so.
//
// CHECK-LABEL: func @block_local
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{[^%]*}}%{{.*}})
// CHECK: %[[A:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>] causal ins(%[[Q]], %[[K]], %[[V]] :
// CHECK: return %[[A]]#0, %[[A]]#1
func.func @block_local(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>, %v: tensor<?x?x?x8xf32>,
                       %o: tensor<?x?x?x?x8xf32>, %l: tensor<?x?x?x?xf32>) -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<?x?x?x8xf32>
  %s:4 = longnet.segment %q, %k, %v by 16 : (tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>)
      -> (tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x8xf32>), !at
  %a:2 = longnet.attention causal
      ins(%s#0, %s#1, %s#2 : tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x8xf32>)
      at(%s#3, %s#3 : !at, !at) outs(%o, %l : tensor<?x?x?x?x8xf32>, tensor<?x?x?x?xf32>)
      -> tensor<?x?x?x?x8xf32>, tensor<?x?x?x?xf32>
  %r:2 = longnet.scatter %a#0, %a#1 at %s#3 into %n
      : (tensor<?x?x?x?x8xf32>, tensor<?x?x?x?xf32>), !at -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>)
  return %r#0, %r#1 : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
}

// Every sequence is cut by an operation of its own, at an origin.
//
// CHECK-LABEL: func @cut_apart
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{[^%]*}}%[[AT:[^:]*]]: index
// CHECK: longnet.attend [<segment = 16, dilation = 3, heads = none>] query_offset %[[AT]] key_offset %[[AT]] ins(%[[Q]], %[[K]], %[[V]] :
func.func @cut_apart(%q: tensor<1x4x9x8xf32>, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x9x8xf32>, %origin: index,
                     %o: !rows, %l: !rows_lse) -> (tensor<1x4x9x8xf32>, tensor<1x4x9xf32>) {
  %n = arith.constant 9 : index
  %h = arith.constant 4 : index
  %qs:2 = longnet.segment %q by 16 origin %origin : (tensor<1x4x9x8xf32>) -> (!rows), !at
  %ks:2 = longnet.segment %k by 16 origin %origin : (tensor<1x2x9x8xf32>) -> (tensor<1x2x?x?x8xf32>), !at
  %vs:2 = longnet.segment %v by 16 origin %origin : (tensor<1x2x9x8xf32>) -> (tensor<1x2x?x?x8xf32>), !at
  %qk:2 = longnet.sparsify <segment = 16, dilation = 3, heads = none> %qs#0 at %qs#1 : (!rows), !at -> (!rows), !p
  %kk:2 = longnet.sparsify <segment = 16, dilation = 3, heads = none> %ks#0 at %ks#1 heads %h
      : (tensor<1x2x?x?x8xf32>), !at -> (!rows), !p
  %vk:2 = longnet.sparsify <segment = 16, dilation = 3, heads = none> %vs#0 at %vs#1 heads %h
      : (tensor<1x2x?x?x8xf32>), !at -> (!rows), !p
  %a:2 = longnet.attention ins(%qk#0, %kk#0, %vk#0 : !rows, !rows, !rows) at(%qk#1, %kk#1 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#1 into %n origin %origin
      : (!rows, !rows_lse), !p -> (tensor<1x4x9x8xf32>, tensor<1x4x9xf32>)
  return %r#0, %r#1 : tensor<1x4x9x8xf32>, tensor<1x4x9xf32>
}

// Keys that begin elsewhere, on the grid of the queries. `sparsify` counts the
// heads of another sequence, which has as many as the query.
//
// CHECK-LABEL: func @key_origin
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{.*}}, %[[OQ:[^:]*]]: index, %[[OK:[^:]*]]: index
// CHECK: longnet.attend [<segment = 16, dilation = 1>] causal query_offset %[[OQ]] key_offset %[[OK]] ins(%[[Q]], %[[K]], %[[K]] :
func.func @key_origin(%q: !seq, %k: !seq, %x: !seq, %oq: index, %ok: index, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : !seq
  %qs:3 = longnet.segment %q, %x by 16 origin %oq : (!seq, !seq) -> (!rows, !rows), !at
  %ks:3 = longnet.segment %k, %k by 16 origin %ok grid %qs#2 : !at : (!seq, !seq) -> (!rows, !rows), !at
  %qk:3 = longnet.sparsify <segment = 16, dilation = 1> %qs#1, %qs#0 at %qs#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %kk:3 = longnet.sparsify <segment = 16, dilation = 1> %ks#0, %ks#1 at %ks#2 : (!rows, !rows), !at -> (!rows, !rows), !p
  %a:2 = longnet.attention causal ins(%qk#1, %kk#0, %kk#1 : !rows, !rows, !rows) at(%qk#2, %kk#2 : !p, !p)
      outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %r:2 = longnet.scatter %a#0, %a#1 at %qk#2 into %n origin %oq : (!rows, !rows_lse), !p -> (!seq, !lse)
  return %r#0, %r#1 : !seq, !lse
}

// Casts on every way from piece to piece.
//
// CHECK-LABEL: func @casts
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%
// CHECK: longnet.attend [<segment = 16, dilation = 2>] ins(%[[Q]], %[[Q]], %[[Q]] : {{.*}} outs({{.*}} : tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
func.func @casts(%q: tensor<1x4x100x8xf32>, %o: !rows, %l: !rows_lse) -> (!seq, !lse) {
  %n = arith.constant 100 : index
  %s:2 = longnet.segment %q by 16 : (tensor<1x4x100x8xf32>) -> (tensor<1x4x7x16x8xf32>), tensor<7x16xindex>
  %s0 = tensor.cast %s#0 : tensor<1x4x7x16x8xf32> to !rows
  %s1 = tensor.cast %s#1 : tensor<7x16xindex> to !at
  %k:2 = longnet.sparsify <segment = 16, dilation = 2> %s0 at %s1 : (!rows), !at -> (!rows), !p
  %k0 = tensor.cast %k#0 : !rows to tensor<1x4x7x8x8xf32>
  %k1 = tensor.cast %k#1 : !p to tensor<4x7x8xindex>
  %a:2 = longnet.attention ins(%k0, %k#0, %k#0 : tensor<1x4x7x8x8xf32>, !rows, !rows)
      at(%k1, %k#1 : tensor<4x7x8xindex>, !p) outs(%o, %l : !rows, !rows_lse) -> !rows, !rows_lse
  %a0 = tensor.cast %a#0 : !rows to tensor<1x4x7x8x8xf32>
  %a1 = tensor.cast %a#1 : !rows_lse to tensor<1x4x7x8xf32>
  %r:2 = longnet.scatter %a0, %a1 at %k#1 into %n
      : (tensor<1x4x7x8x8xf32>, tensor<1x4x7x8xf32>), !p -> (tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
  %r0 = tensor.cast %r#0 : tensor<1x4x100x8xf32> to !seq
  %r1 = tensor.cast %r#1 : tensor<1x4x100xf32> to !lse
  %c:2 = longnet.combine(%r0), (%r1) : (!seq), (!lse) -> (!seq, !lse)
  return %c#0, %c#1 : !seq, !lse
}
