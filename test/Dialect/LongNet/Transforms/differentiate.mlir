// RUN: longnet-opt %s -longnet-differentiate -split-input-file | FileCheck %s -enable-var-scope
// RUN: longnet-opt %s -longnet-differentiate=detached -split-input-file | FileCheck %s --check-prefix=DETACHED

!seq = tensor<?x?x?x8xf32>
!lse = tensor<?x?x?xf32>

// The function stays, and its gradient comes after it.
// CHECK-LABEL: func @attention(
// CHECK-NEXT: longnet.dilated_attention
// CHECK-NEXT: return
// CHECK-LABEL: func @attention_grad(
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x?x?x8xf32> {longnet.name = "query"}, %[[K:[^:]*]]: tensor<?x?x?x8xf32> {longnet.name = "key"},
// CHECK-SAME: %[[V:[^:]*]]: tensor<?x?x?x8xf32>, %[[DOUT:[^:]*]]: tensor<?x?x?x8xf32> {longnet.name = "out_grad"})
// CHECK-SAME: -> (tensor<?x?x?x8xf32> {longnet.name = "query_grad"}, tensor<?x?x?x8xf32> {longnet.name = "key_grad"}, tensor<?x?x?x8xf32>)
// CHECK-NEXT: %[[OUT:.*]], %[[LSE:.*]] = longnet.dilated_attention %[[Q]], %[[K]], %[[V]]
// CHECK-NEXT: %[[DQ:.*]], %[[DK:.*]], %[[DV:.*]] = longnet.dilated_attention_grad %[[Q]], %[[K]], %[[V]]
// CHECK-SAME: results(%[[OUT]], %[[LSE]] : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>)
// CHECK-SAME: gradient(%[[DOUT]] : tensor<?x?x?x8xf32>)
// CHECK-SAME: branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 3>] causal :
// CHECK-NEXT: return %[[DQ]], %[[DK]], %[[DV]] :

// DETACHED-LABEL: func @attention_grad(
// DETACHED: longnet.dilated_attention_grad {{.*}} causal detached :
func.func @attention(%q: !seq {longnet.name = "query"}, %k: !seq {longnet.name = "key"}, %v: !seq)
    -> (!seq {longnet.name = "out"}) {
  %0:2 = longnet.dilated_attention %q, %k, %v
      branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 3>] causal
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

// The gradient of out, which nobody uses, is zero, of the sizes of out.

!seq = tensor<?x?x?x8xf32>
!lse = tensor<?x?x?xf32>

// CHECK-LABEL: func @lse_grad(
// CHECK-SAME: %[[DLSE:[^:]*]]: tensor<?x?x?xf32>)
// CHECK: %[[OUT:.*]], %[[LSE:.*]] = longnet.dilated_attention
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.0
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[OUT]], %c0
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[OUT]], %c1
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[OUT]], %c2
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[B]], %[[H]], %[[N]]) : tensor<?x?x?x8xf32>
// CHECK: %[[ZEROS:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%[[EMPTY]] :
// CHECK: longnet.dilated_attention_grad {{.*}} gradient(%[[ZEROS]] : {{.*}}) lse_gradient(%[[DLSE]] : tensor<?x?x?xf32>) branches
func.func @lse(%q: !seq, %k: !seq, %v: !seq) -> (!lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v branches = [<segment = 16, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#1 : !lse
}

// -----

!seq = tensor<1x2x?x8xbf16>
!lse = tensor<1x2x?xf32>

// CHECK-LABEL: func @both_grad(
// CHECK-SAME: %[[DOUT:[^:]*]]: tensor<1x2x?x8xbf16>, %[[DLSE:[^:]*]]: tensor<1x2x?xf32>)
// CHECK: longnet.dilated_attention_grad {{.*}} gradient(%[[DOUT]] : tensor<1x2x?x8xbf16>) lse_gradient(%[[DLSE]] : tensor<1x2x?xf32>)
func.func @both(%q: !seq, %k: !seq, %v: !seq) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v branches = [<segment = 16, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// -----

// Gradients of a value with several uses are summed before they go on.

!seq = tensor<?x?x?x8xf32>
!lse = tensor<?x?x?xf32>

// CHECK-LABEL: func @twice_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x?x?x8xf32>, %[[DY:[^:]*]]: tensor<?x?x?x8xf32>)
// CHECK: %[[OUT:.*]], %{{.*}} = longnet.dilated_attention %[[X]], %[[X]], %[[X]]
// CHECK: %[[S:.*]] = arith.addf %[[X]], %[[OUT]]
// CHECK: longnet.dilated_attention %[[S]], %[[X]], %[[S]]
// CHECK: %[[DQ:.*]], %[[DK:.*]], %[[DV:.*]] = longnet.dilated_attention_grad %[[S]], %[[X]], %[[S]] {{.*}} gradient(%[[DY]] :
// CHECK-NEXT: %[[DS:.*]] = arith.addf %[[DQ]], %[[DV]]
// CHECK-NEXT: %[[DX:.*]] = arith.addf %[[DK]], %[[DS]]
// CHECK-NEXT: %[[DQ1:.*]], %[[DK1:.*]], %[[DV1:.*]] = longnet.dilated_attention_grad %[[X]], %[[X]], %[[X]] {{.*}} gradient(%[[DS]] :
// CHECK-NEXT: %[[DX1:.*]] = arith.addf %[[DX]], %[[DQ1]]
// CHECK-NEXT: %[[DX2:.*]] = arith.addf %[[DX1]], %[[DK1]]
// CHECK-NEXT: %[[DX3:.*]] = arith.addf %[[DX2]], %[[DV1]]
// CHECK-NEXT: return %[[DX3]] :
func.func @twice(%x: !seq) -> !seq {
  %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 16, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  %1 = arith.addf %x, %0#0 : !seq
  %2:2 = longnet.dilated_attention %1, %x, %1 branches = [<segment = 16, dilation = 2>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %2#0 : !seq
}

// -----

// A projection to queries, keys and values, with heads of their own dimension.

!seq = tensor<?x?x4x8xf32>
!heads = tensor<?x4x?x8xf32>
!lse = tensor<?x4x?xf32>

// CHECK-DAG: #[[$MN:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$KN:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$MK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>

// CHECK-LABEL: func @projection_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x?x16xf32>, %[[W:[^:]*]]: tensor<16x32xf32>, %{{[^:]*}}: tensor<?x4x?x8xf32>)
// CHECK-SAME: -> (tensor<?x?x16xf32>, tensor<16x32xf32>)
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[X]]
// CHECK: arith.addf
// CHECK: %[[DT:.*]] = arith.addf
// CHECK: %[[DS:.*]] = linalg.transpose ins(%[[DT]] : tensor<?x4x?x8xf32>) outs({{.*}} : tensor<?x?x4x8xf32>) permutation = [0, 2, 1, 3]
// CHECK: %[[DP:.*]] = tensor.collapse_shape %[[DS]] {{\[\[}}0, 1], [2, 3]] : tensor<?x?x4x8xf32> into tensor<?x32xf32>
// CHECK: %[[DROWS:.*]] = linalg.contract indexing_maps = [#[[$MN]], #[[$KN]], #[[$MK]]] ins(%[[DP]], %[[W]] : tensor<?x32xf32>, tensor<16x32xf32>) outs({{.*}} : tensor<?x16xf32>)
// CHECK: %[[DW:.*]] = linalg.contract indexing_maps = [#[[$MK]], #[[$MN]], #[[$KN]]] ins(%[[ROWS]], %[[DP]] : tensor<?x16xf32>, tensor<?x32xf32>) outs({{.*}} : tensor<16x32xf32>)
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c0{{.*}}
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[X]], %c1{{.*}}
// CHECK: %[[DX:.*]] = tensor.expand_shape %[[DROWS]] {{\[\[}}0, 1], [2]] output_shape [%[[B]], %[[N]], 16]
// CHECK: return %[[DX]], %[[DW]] :
func.func @projection(%x: tensor<?x?x16xf32>, %w: tensor<16x32xf32>) -> !heads {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %x, %c0 : tensor<?x?x16xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?x16xf32>
  %bn = arith.muli %b, %n : index
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x16xf32> into tensor<?x16xf32>
  %e = tensor.empty(%bn) : tensor<?x32xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x32xf32>) -> tensor<?x32xf32>
  %p = linalg.matmul ins(%rows, %w : tensor<?x16xf32>, tensor<16x32xf32>) outs(%z : tensor<?x32xf32>) -> tensor<?x32xf32>
  %s = tensor.expand_shape %p [[0, 1], [2, 3]] output_shape [%b, %n, 4, 8] : tensor<?x32xf32> into !seq
  %t0 = tensor.empty(%b, %n) : !heads
  %t = linalg.transpose ins(%s : !seq) outs(%t0 : !heads) permutation = [0, 2, 1, 3]
  %0:2 = longnet.dilated_attention %t, %t, %t branches = [<segment = 16, dilation = 2>]
      : (!heads, !heads, !heads) -> (!heads, !lse)
  return %0#0 : !heads
}

// -----

// Integers, indices and scalars have no gradient, whether they come or go.

!query = tensor<?x4x1x8xf16>
!cache = tensor<?x2x?x8xf16>
!lse = tensor<?x4x1xf32>

// CHECK-LABEL: func @decode_grad(
// CHECK-SAME: %[[AT:[^:]*]]: index {longnet.name = "at"}, %[[LENGTHS:[^:]*]]: tensor<?xindex> {longnet.name = "lengths"},
// CHECK-SAME: %{{[^:]*}}: f32 {longnet.name = "factor"}, %{{[^:]*}}: tensor<?x4x1x8xf16> {longnet.name = "out_grad"})
// CHECK-SAME: -> (tensor<?x4x1x8xf16> {longnet.name = "query_grad"}, tensor<?x2x?x8xf16> {longnet.name = "key_grad"}, tensor<?x2x?x8xf16> {longnet.name = "value_grad"})
// CHECK: longnet.dilated_attention_grad {{.*}} query_offset %[[AT]] kv_lengths %[[LENGTHS]] : tensor<?xindex>
// CHECK-SAME: causal scale = 5.000000e-01
func.func @decode(%q: !query {longnet.name = "query"}, %k: !cache {longnet.name = "key"}, %v: !cache {longnet.name = "value"},
                  %at: index {longnet.name = "at"}, %lengths: tensor<?xindex> {longnet.name = "lengths"},
                  %factor: f32 {longnet.name = "factor"})
    -> (!query {longnet.name = "out"}, tensor<?xindex> {longnet.name = "same"}) {
  %0:2 = longnet.dilated_attention %q, %k, %v query_offset %at kv_lengths %lengths : tensor<?xindex>
      branches = [<segment = 64, dilation = 2>] causal scale = 0.5
      : (!query, !cache, !cache) -> (!query, !lse)
  return %0#0, %lengths : !query, tensor<?xindex>
}

// -----

// Functions without attention, and private ones, only when they are named.

// CHECK-LABEL: func @nothing(
// CHECK-LABEL: func private @hidden(
// CHECK-NOT: func
func.func @nothing(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func private @hidden(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 4, dilation = 1>]
      : (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4xf32>)
  return %0#0 : tensor<1x1x4x4xf32>
}
