// RUN: longnet-opt %s --convert-longnet-pieces-to-linalg --eliminate-empty-tensors \
// RUN:     --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:     --cse --canonicalize \
// RUN:   | FileCheck %s --enable-var-scope --implicit-check-not=memref.alloc --implicit-check-not=memref.copy

// Pieces bufferize in place: nothing is allocated but their results, and nothing
// is copied but rows.

// CHECK-LABEL: func @sparsify(
// CHECK:         memref.alloc({{.*}}) {{.*}} : memref<?x?xindex>
// CHECK:         memref.alloc({{.*}}) {{.*}} : memref<?x?x?x?x64xf32>
// CHECK:         scf.forall
// CHECK:           memref.copy {{.*}} to memref<64xf32, strided<[1], offset: ?>>
// CHECK:         memref.alloc({{.*}}) {{.*}} : memref<?x?x?x?x64xf32>
// CHECK:         scf.forall
// CHECK:           memref.copy {{.*}} to memref<64xf32, strided<[1], offset: ?>>
// CHECK:         memref.alloc({{.*}}) {{.*}} : memref<?x?x?xindex>
// CHECK:         return
func.func @sparsify(%source: tensor<?x?x?x64xf32>)
    -> (tensor<?x?x?x?x64xf32>, tensor<?x?x?xindex>) {
  %rows, %at = longnet.segment %source by 16
      : (tensor<?x?x?x64xf32>) -> (tensor<?x?x?x?x64xf32>), tensor<?x?xindex>
  %kept, %positions = longnet.sparsify <segment = 16, dilation = 4> %rows
      at %at
      : (tensor<?x?x?x?x64xf32>), tensor<?x?xindex>
     -> (tensor<?x?x?x?x64xf32>), tensor<?x?x?xindex>
  return %kept, %positions : tensor<?x?x?x?x64xf32>, tensor<?x?x?xindex>
}

// Rows go straight into the caller's memory.

// CHECK-LABEL: func @scatter(
// CHECK-SAME:      %[[OUT:[^:]*]]: memref<?x?x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>
// CHECK:         scf.forall (%[[B:.*]], %[[H:.*]]) in
// CHECK:           %[[OWN:.*]] = memref.subview %[[OUT]][%[[B]], %[[H]], 0, 0]
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               scf.if
// CHECK:                 %[[ROW:.*]] = memref.subview %[[OWN]]
// CHECK:                 memref.copy %{{.*}}, %[[ROW]] : {{.*}} to memref<64xf32, strided<[1], offset: ?>>
// CHECK:                 memref.store
// CHECK:         return
func.func @scatter(
    %rows: tensor<?x?x?x?x64xf32>, %lses: tensor<?x?x?x?xf32>,
    %positions: tensor<?x?x?xindex>, %length: index,
    %result: memref<?x?x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>,
    %result_lse: memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>) {
  %out, %lse = longnet.scatter %rows, %lses at %positions into %length
      : (tensor<?x?x?x?x64xf32>, tensor<?x?x?x?xf32>), tensor<?x?x?xindex>
     -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>)
  bufferization.materialize_in_destination %out in restrict writable %result
      : (tensor<?x?x?x64xf32>,
         memref<?x?x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>) -> ()
  bufferization.materialize_in_destination %lse in restrict writable %result_lse
      : (tensor<?x?x?xf32>, memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>)
     -> ()
  return
}

// CHECK-LABEL: func @combine(
// CHECK-SAME:      %[[OUT:[^:]*]]: memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
// CHECK:         scf.forall (%[[B:.*]], %[[H:.*]], %[[N:.*]]) in
// CHECK:           %[[ROW:.*]] = memref.subview %[[OUT]][%[[B]], %[[H]], %[[N]], 0]
// CHECK:           linalg.generic {{.*}} outs(%[[ROW]] : memref<64xbf16, strided<[1], offset: ?>>)
// CHECK:           memref.store
// CHECK:         return
func.func @combine(
    %a: tensor<?x?x?x64xf32>, %b: tensor<?x?x?x64xf32>,
    %la: tensor<?x?x?xf32>, %lb: tensor<?x?x?xf32>,
    %result: memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>,
    %result_lse: memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>) {
  %out, %lse = longnet.combine(%a, %b), (%la, %lb)
      : (tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>),
        (tensor<?x?x?xf32>, tensor<?x?x?xf32>)
     -> (tensor<?x?x?x64xbf16>, tensor<?x?x?xf32>)
  bufferization.materialize_in_destination %out in restrict writable %result
      : (tensor<?x?x?x64xbf16>,
         memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>) -> ()
  bufferization.materialize_in_destination %lse in restrict writable %result_lse
      : (tensor<?x?x?xf32>, memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>)
     -> ()
  return
}
