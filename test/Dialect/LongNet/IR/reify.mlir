// RUN: longnet-opt %s -resolve-shaped-type-result-dims -canonicalize -cse | FileCheck %s -enable-var-scope

// CHECK-DAG: #[[$SEGMENTS:.*]] = affine_map<()[s0] -> (s0 ceildiv 8)>
// CHECK-DAG: #[[$SEGMENTS_AT:.*]] = affine_map<()[s0, s1] -> ((s0 + s1) ceildiv 8 - s0 floordiv 8)>
// CHECK-DAG: #[[$WIDTH:.*]] = affine_map<()[s0] -> (8, s0)>
// CHECK-DAG: #[[$KEPT:.*]] = affine_map<()[s0] -> (s0 ceildiv 3)>

!seq = tensor<?x?x?x8xf32>
!lse = tensor<?x?x?xf32>
!rows = tensor<?x?x?x?x8xf32>

// CHECK-LABEL: func @dilated_attention
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]:
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[C5:.*]] = arith.constant 5 : index
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Q]], %[[C0]]
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[Q]], %[[C1]]
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK: return %[[B]], %[[H]], %[[N]], %[[C5]]
func.func @dilated_attention(%q: !seq, %k: !seq, %v: tensor<?x?x?x5xf32>) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0:2 = longnet.dilated_attention %q, %k, %v branches = [<segment = 8, dilation = 1>]
      : (!seq, !seq, tensor<?x?x?x5xf32>) -> (tensor<?x?x?x?xf32>, !lse)
  %b = tensor.dim %0#0, %c0 : tensor<?x?x?x?xf32>
  %h = tensor.dim %0#1, %c1 : !lse
  %n = tensor.dim %0#1, %c2 : !lse
  %d = tensor.dim %0#0, %c3 : tensor<?x?x?x?xf32>
  return %b, %h, %n, %d : index, index, index, index
}

// CHECK-LABEL: func @segment
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]:
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[K]], %[[C1]]
// CHECK-DAG: %[[G:.*]] = affine.apply #[[$SEGMENTS]]()[%[[N]]]
// CHECK-DAG: %[[W:.*]] = affine.min #[[$WIDTH]]()[%[[N]]]
// CHECK: return %[[H]], %[[G]], %[[W]]
func.func @segment(%q: !seq, %k: !seq) -> (index, index, index) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0:3 = longnet.segment %q, %k by 8 : (!seq, !seq) -> (!rows, !rows), tensor<?x?xindex>
  %h = tensor.dim %0#1, %c1 : !rows
  %g = tensor.dim %0#0, %c2 : !rows
  %w = tensor.dim %0#2, %c1 : tensor<?x?xindex>
  return %h, %g, %w : index, index, index
}

// Keys have as many segments as the grid, of their own length.
//
// CHECK-LABEL: func @segment_on_grid
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[ORIGIN:[^:]*]]: index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[NQ:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK-DAG: %[[NK:.*]] = tensor.dim %[[K]], %[[C2]]
// CHECK-DAG: %[[G:.*]] = affine.apply #[[$SEGMENTS_AT]]()[%[[ORIGIN]], %[[NQ]]]
// CHECK-DAG: %[[W:.*]] = affine.min #[[$WIDTH]]()[%[[NK]]]
// CHECK: return %[[G]], %[[W]]
func.func @segment_on_grid(%q: !seq, %k: !seq, %origin: index) -> (index, index) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0:2 = longnet.segment %q by 8 origin %origin : (!seq) -> (!rows), tensor<?x?xindex>
  %1:2 = longnet.segment %k by 8 grid %0#1 : tensor<?x?xindex> : (!seq) -> (!rows), tensor<?x?xindex>
  %g = tensor.dim %1#0, %c2 : !rows
  %w = tensor.dim %1#0, %c3 : !rows
  return %g, %w : index, index
}

// CHECK-LABEL: func @static_rows
// CHECK-DAG: %[[G:.*]] = arith.constant 3 : index
// CHECK-DAG: %[[W:.*]] = arith.constant 8 : index
// CHECK: return %[[G]], %[[W]]
func.func @static_rows(%q: tensor<?x?x20x8xf32>) -> (index, index) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0:2 = longnet.segment %q by 8 : (tensor<?x?x20x8xf32>) -> (!rows), tensor<?x?xindex>
  %g = tensor.dim %0#0, %c2 : !rows
  %w = tensor.dim %0#0, %c3 : !rows
  return %g, %w : index, index
}

// CHECK-LABEL: func @sparsify
// CHECK-SAME: (%[[ROWS:[^:]*]]: {{[^%]*}}%[[AT:[^:]*]]: {{[^%]*}}%[[HEADS:[^:]*]]: index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[ROWS]], %[[C1]]
// CHECK-DAG: %[[W:.*]] = tensor.dim %[[AT]], %[[C1]]
// CHECK-DAG: %[[M:.*]] = affine.apply #[[$KEPT]]()[%[[W]]]
// CHECK: return %[[H]], %[[HEADS]], %[[M]]
func.func @sparsify(%rows: !rows, %at: tensor<?x?xindex>, %heads: index) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %0:2 = longnet.sparsify <segment = 8, dilation = 3> %rows at %at
      : (!rows), tensor<?x?xindex> -> (!rows), tensor<?x?x?xindex>
  %1:2 = longnet.sparsify <segment = 8, dilation = 3> %rows at %at heads %heads
      : (!rows), tensor<?x?xindex> -> (!rows), tensor<?x?x?xindex>
  %h0 = tensor.dim %0#1, %c0 : tensor<?x?x?xindex>
  %h1 = tensor.dim %1#0, %c1 : !rows
  %m = tensor.dim %1#0, %c3 : !rows
  return %h0, %h1, %m : index, index, index
}

// CHECK-LABEL: func @scatter_combine
// CHECK-SAME: (%[[ROWS:[^:]*]]: {{.*}}, %[[N:[^:]*]]: index)
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[ROWS]], %[[C1]]
// CHECK: return %[[H]], %[[N]]
func.func @scatter_combine(%rows: !rows, %lse: tensor<?x?x?x?xf32>, %at: tensor<?x?xindex>, %n: index) -> (index, index) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0:2 = longnet.scatter %rows, %lse at %at into %n : (!rows, tensor<?x?x?x?xf32>), tensor<?x?xindex> -> (!seq, !lse)
  %1:2 = longnet.combine(%0#0, %0#0), (%0#1, %0#1) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  %h = tensor.dim %1#0, %c1 : !seq
  %l = tensor.dim %1#1, %c2 : !lse
  return %h, %l : index, index
}

// Destinations have the sizes of the results.
//
// CHECK-LABEL: func @destinations
// CHECK-SAME: %[[OUT:[^:]*]]: tensor<?x?x?x8xf32>, %[[LSE:[^:]*]]: tensor<?x?x?xf32>)
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[OUT]], %[[C2]]
// CHECK-DAG: %[[L:.*]] = tensor.dim %[[LSE]], %[[C2]]
// CHECK: return %[[N]], %[[L]]
func.func @destinations(%q: !seq, %o: !seq, %l: !lse) -> (index, index) {
  %c2 = arith.constant 2 : index
  %0:2 = longnet.attend [<segment = 8, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      outs(%o, %l : !seq, !lse) -> !seq, !lse
  %n = tensor.dim %0#0, %c2 : !seq
  %m = tensor.dim %0#1, %c2 : !lse
  return %n, %m : index, index
}

// Gradients have the sizes of what they are gradients of.
//
// CHECK-LABEL: func @gradients
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{[^%]*}}%{{.*}}: {{.*}}, %[[DQ:[^:]*]]: {{[^%]*}}%[[DK:[^:]*]]: {{[^%]*}}%[[DV:[^:]*]]: tensor<?x?x?x5xf32>)
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[K]], %[[C2]]
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[V]], %[[C1]]
// CHECK-DAG: %[[ADDED_N:.*]] = tensor.dim %[[DQ]], %[[C2]]
// CHECK-DAG: %[[ADDED_M:.*]] = tensor.dim %[[DK]], %[[C2]]
// CHECK-DAG: %[[ADDED_H:.*]] = tensor.dim %[[DV]], %[[C1]]
// CHECK: return %[[N]], %[[M]], %[[H]], %[[ADDED_N]], %[[ADDED_M]], %[[ADDED_H]]
func.func @gradients(%q: !seq, %k: !seq, %v: tensor<?x?x?x5xf32>, %l: !lse, %o: tensor<?x?x?x5xf32>,
                     %dq: !seq, %dk: !seq, %dv: tensor<?x?x?x5xf32>) -> (index, index, index, index, index, index) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %0:3 = longnet.dilated_attention_grad %q, %k, %v results(%o, %l : tensor<?x?x?x5xf32>, !lse)
      gradient(%o : tensor<?x?x?x5xf32>) branches = [<segment = 8, dilation = 1>] : !seq, !seq, tensor<?x?x?x5xf32>
  %1:3 = longnet.attend_grad <segment = 8, dilation = 1>
      ins(%q, %k, %v, %l, %l, %o : !seq, !seq, tensor<?x?x?x5xf32>, !lse, !lse, tensor<?x?x?x5xf32>)
      outs(%dq, %dk, %dv : !seq, !seq, tensor<?x?x?x5xf32>) -> !seq, !seq, tensor<?x?x?x5xf32>
  %n = tensor.dim %0#0, %c2 : !seq
  %m = tensor.dim %0#1, %c2 : !seq
  %h = tensor.dim %0#2, %c1 : tensor<?x?x?x5xf32>
  %added_n = tensor.dim %1#0, %c2 : !seq
  %added_m = tensor.dim %1#1, %c2 : !seq
  %added_h = tensor.dim %1#2, %c1 : tensor<?x?x?x5xf32>
  return %n, %m, %h, %added_n, %added_m, %added_h : index, index, index, index, index, index
}
