// RUN: longnet-opt %s --longnet-export --split-input-file | FileCheck %s --enable-var-scope

// Results become buffers of the caller; sizes of the arguments are tied.

// CHECK-LABEL: func.func @attention(
// CHECK-SAME:      %[[Q:[^:]*]]: tensor<?x?x?x8xf32> {bufferization.buffer_layout = strided<[?, ?, ?, 1], offset: ?>, bufferization.writable = false}
// CHECK-SAME:      %[[OFFSET:[^:]*]]: index,
// CHECK-SAME:      tensor<?xindex> {bufferization.buffer_layout = strided<[1], offset: ?>, bufferization.writable = false}
// CHECK-SAME:      %[[OUT:[^:]*]]: memref<?x?x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-SAME:      %[[LSE:[^:]*]]: memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>)
// CHECK-SAME:      longnet.parameters = [
// CHECK-SAME:        {name = "query", type = tensor<?x?x?x8xf32>}
// CHECK-SAME:        {name = "arg1", type = tensor<?x?x?x8xf32>}
// CHECK-SAME:        {name = "arg3", position, type = index}
// CHECK-SAME:        {name = "arg4", type = tensor<?xindex>}
// CHECK-SAME:        {name = "out", output, type = tensor<?x?x?x8xf32>}
// CHECK-SAME:        {name = "result1", output, type = tensor<?x?x?xf32>}]
// CHECK-SAME:      longnet.size_ties = [
// CHECK-SAME:        {equal = [0, 0], size = [1, 0], what = "batch"}
// CHECK-SAME:        {multiple = [1, 1], size = [0, 1], what = "heads"}
// CHECK-SAME:        {equal = [1, 1], size = [2, 1], what = "heads"}
// CHECK-SAME:        {equal = [1, 2], size = [2, 2], what = "rows"}
// CHECK-SAME:        {equal = [0, 0], size = [4, 0], what = "batch"}
// CHECK-SAME:        {equal = [0, 2], size = [5, 2]}
// CHECK-SAME:        {equal = [0, 2], size = [6, 2]}]
// CHECK-NEXT:    %[[O:.*]], %[[L:.*]] = longnet.dilated_attention %[[Q]]
// CHECK-NEXT:    bufferization.materialize_in_destination %[[O]] in restrict writable %[[OUT]]
// CHECK-NEXT:    bufferization.materialize_in_destination %[[L]] in restrict writable %[[LSE]]
// CHECK-NEXT:    return
// CHECK-NOT:   func
func.func @attention(%q: tensor<?x?x?x8xf32> {longnet.name = "query"},
                     %k: tensor<?x?x?x8xf32>, %v: tensor<?x?x?x8xf32>,
                     %offset: index, %lengths: tensor<?xindex>)
    -> (tensor<?x?x?x8xf32> {longnet.name = "out"}, tensor<?x?x?xf32>) {
  %out, %lse = longnet.dilated_attention %q, %k, %v query_offset %offset
      kv_lengths %lengths : tensor<?xindex>
      branches = [<segment = 16, dilation = 1>]
      : (tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>)
     -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>)
  return %out, %lse : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
}

// -----

// Operands made of arguments tie the arguments. A size known from elsewhere
// ties them to a constant.

// CHECK-LABEL: func.func @through_views(
// CHECK-SAME:      {equal = [0, 0], size = [1, 0], what = "batch"}
// CHECK-SAME:      {equal = [2], size = [0, 0], what = "batch"}
// CHECK-SAME:      {equal = [4], size = [1, 2], what = "heads"}
// CHECK-SAME:      {equal = [16], size = [1, 1], what = "rows"}
// CHECK-SAME:      {equal = [0, 0], size = [2, 0]}
func.func @through_views(%q: tensor<?x8x4x8xf32>, %k: tensor<?x?x?x8xf32>)
    -> tensor<?x4x8x8xf32> {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<2x4x16x8xf32>
  %v = linalg.fill ins(%one : f32) outs(%e : tensor<2x4x16x8xf32>)
      -> tensor<2x4x16x8xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x8x4x8xf32>
  %qt = tensor.empty(%b) : tensor<?x4x8x8xf32>
  %query = linalg.transpose ins(%q : tensor<?x8x4x8xf32>)
      outs(%qt : tensor<?x4x8x8xf32>) permutation = [0, 2, 1, 3]
  %kb = tensor.dim %k, %c0 : tensor<?x?x?x8xf32>
  %kn = tensor.dim %k, %c1 : tensor<?x?x?x8xf32>
  %kh = tensor.dim %k, %c2 : tensor<?x?x?x8xf32>
  %kt = tensor.empty(%kb, %kh, %kn) : tensor<?x?x?x8xf32>
  %key = linalg.transpose ins(%k : tensor<?x?x?x8xf32>)
      outs(%kt : tensor<?x?x?x8xf32>) permutation = [0, 2, 1, 3]
  %out, %lse = longnet.dilated_attention %query, %key, %v
      branches = [<segment = 16, dilation = 1>]
      : (tensor<?x4x8x8xf32>, tensor<?x?x?x8xf32>, tensor<2x4x16x8xf32>)
     -> (tensor<?x4x8x8xf32>, tensor<?x4x8xf32>)
  return %out : tensor<?x4x8x8xf32>
}

// -----

// Sizes that are no argument's get a function.

// CHECK-LABEL: func.func @pieces(
// CHECK-SAME:      longnet.computed_sizes = {{\[\[1, 2\], \[1, 3\]\]}}
// CHECK-SAME:      longnet.size_ties = [
// CHECK-SAME:        {equal = [0, 0], size = [1, 0]}
// CHECK-SAME:        {equal = [0, 1], size = [1, 1]}]
// CHECK-LABEL: func.func private @pieces.sizes(
// CHECK-SAME:      %[[X:.*]]: tensor<?x?x?x8xf32> {{.*}}) -> (index, index)
// CHECK:         %[[N:.*]] = tensor.dim %[[X]], %{{.*}}
// CHECK-DAG:     %[[G:.*]] = affine.apply #{{.*}}()[%[[N]]]
// CHECK-DAG:     %[[W:.*]] = affine.min #{{.*}}()[%[[N]]]
// CHECK-NEXT:    return %[[G]], %[[W]] : index, index
func.func @pieces(%x: tensor<?x?x?x8xf32>) -> tensor<?x?x?x?x8xf32> {
  %rows, %at = longnet.segment %x by 16
      : (tensor<?x?x?x8xf32>) -> (tensor<?x?x?x?x8xf32>), tensor<?x?xindex>
  return %rows : tensor<?x?x?x?x8xf32>
}

// -----

// Callers go on with a private copy.

// CHECK-LABEL: func.func @callee(
// CHECK-SAME:      memref<4xf32, strided<[1], offset: ?>>)
// CHECK-LABEL: func.func @caller(
// CHECK:         %[[R:.*]] = call @[[COPY:callee_.*]](%{{.*}}) : (tensor<4xf32>) -> tensor<4xf32>
// CHECK:         bufferization.materialize_in_destination %[[R]]
// CHECK:       func.func private @[[COPY]](%{{.*}}: tensor<4xf32>) -> tensor<4xf32>
func.func @callee(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @caller(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// Every return writes; private functions and declarations stay.

// CHECK-LABEL: func.func @two_ends(
// CHECK-COUNT-2: bufferization.materialize_in_destination
// CHECK-LABEL: func.func private @hidden(
// CHECK-SAME:      -> tensor<4xf32>
// CHECK-LABEL: func.func private @declared(
// CHECK-SAME:      -> tensor<4xf32>
func.func @two_ends(%c: i32, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0 : i32
  %is_zero = arith.cmpi eq, %c, %zero : i32
  cf.cond_br %is_zero, ^bb1, ^bb2
^bb1:
  return %x : tensor<4xf32>
^bb2:
  return %y : tensor<4xf32>
}
func.func private @hidden(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func private @declared(%x: tensor<4xf32>) -> tensor<4xf32>
