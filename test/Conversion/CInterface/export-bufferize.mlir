// RUN: longnet-opt %s --longnet-export --eliminate-empty-tensors \
// RUN:     --one-shot-bufferize="bufferize-function-boundaries" --canonicalize --cse \
// RUN:   | FileCheck %s --enable-var-scope --implicit-check-not=memref.alloc --implicit-check-not=memref.copy

// Results are computed where the caller wants them, and inputs are read where
// they are.

// CHECK-LABEL: func.func @scale(
// CHECK-SAME:      %[[X:[^:]*]]: memref<?x4xf32, strided<[?, 1], offset: ?>>
// CHECK-SAME:      %[[Y:[^:]*]]: memref<?x4xf32, strided<[?, 1], offset: ?>>
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[Y]] : {{.*}})
func.func @scale(%x: tensor<?x4xf32>, %f: f32) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %f : f32
    linalg.yield %m : f32
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @attention(
// CHECK-SAME:      %[[Q:[^:]*]]: memref<?x?x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-SAME:      %[[K:[^:]*]]: memref<?x?x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-SAME:      %[[V:[^:]*]]: memref<?x?x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-SAME:      %[[OUT:[^:]*]]: memref<?x?x?x8xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK-SAME:      %[[LSE:[^:]*]]: memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>
// CHECK:         longnet.attend {{.*}} ins(%[[Q]], %[[K]], %[[V]] : {{.*}}) outs(%[[OUT]], %[[LSE]] : {{.*}})
func.func @attention(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>,
                     %v: tensor<?x?x?x8xf32>)
    -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x?x?x8xf32>
  %h = tensor.dim %q, %c1 : tensor<?x?x?x8xf32>
  %n = tensor.dim %q, %c2 : tensor<?x?x?x8xf32>
  %o = tensor.empty(%b, %h, %n) : tensor<?x?x?x8xf32>
  %l = tensor.empty(%b, %h, %n) : tensor<?x?x?xf32>
  %out, %lse = longnet.attend [<segment = 16, dilation = 1>]
      ins(%q, %k, %v : tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>)
      outs(%o, %l : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>)
      -> tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
  return %out, %lse : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
}
