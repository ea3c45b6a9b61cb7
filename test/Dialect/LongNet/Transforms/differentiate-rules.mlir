// RUN: longnet-opt %s -longnet-differentiate="functions=mul,div,conversions,functions,casts,slices,mixed,zeros" \
// RUN:   | FileCheck %s -enable-var-scope

!t = tensor<?xf32>

// CHECK-LABEL: func private @mul_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?xf32>, %[[Y:[^:]*]]: tensor<?xf32>, %[[D:[^:]*]]: tensor<?xf32>)
// CHECK: %[[S:.*]] = arith.subf %[[X]], %[[Y]]
// CHECK-NOT: arith.mulf %[[S]], %[[X]]
// CHECK: %[[DS:.*]] = arith.mulf %[[D]], %[[X]]
// CHECK: %[[DX:.*]] = arith.mulf %[[D]], %[[S]]
// CHECK: %[[SUM:.*]] = arith.addf %[[DX]], %[[DS]]
// CHECK: %[[DY:.*]] = arith.negf %[[DS]]
// CHECK: return %[[SUM]], %[[DY]] :
func.func private @mul(%x: !t, %y: !t) -> !t {
  %0 = arith.subf %x, %y : !t
  %1 = arith.mulf %0, %x : !t
  return %1 : !t
}

// CHECK-LABEL: func @div_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?xf32>, %[[Y:[^:]*]]: tensor<?xf32>, %[[D:[^:]*]]: tensor<?xf32>)
// CHECK: %[[N:.*]] = arith.negf %[[X]]
// CHECK: %[[R:.*]] = arith.divf %[[N]], %[[Y]]
// CHECK: %[[DN:.*]] = arith.divf %[[D]], %[[Y]]
// CHECK: %[[P:.*]] = arith.mulf %[[DN]], %[[R]]
// CHECK: %[[DY:.*]] = arith.negf %[[P]]
// CHECK: %[[DX:.*]] = arith.negf %[[DN]]
// CHECK: return %[[DX]], %[[DY]] :
func.func @div(%x: !t, %y: !t) -> !t {
  %0 = arith.negf %x : !t
  %1 = arith.divf %0, %y : !t
  return %1 : !t
}

// CHECK-LABEL: func @conversions_grad(
// CHECK-SAME: %{{[^:]*}}: tensor<?xf32>, %[[D:[^:]*]]: tensor<?xf64>)
// CHECK-NOT: arith
// CHECK: %[[A:.*]] = arith.truncf %[[D]] : tensor<?xf64> to tensor<?xf16>
// CHECK: %[[B:.*]] = arith.extf %[[A]] : tensor<?xf16> to tensor<?xf32>
// CHECK: return %[[B]] :
func.func @conversions(%x: !t) -> tensor<?xf64> {
  %0 = arith.truncf %x : !t to tensor<?xf16>
  %1 = arith.extf %0 : tensor<?xf16> to tensor<?xf64>
  return %1 : tensor<?xf64>
}

// CHECK-LABEL: func @functions_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?xf32>, %[[D:[^:]*]]: tensor<?xf32>)
// CHECK: %[[E:.*]] = math.exp %[[X]]
// CHECK: %[[S:.*]] = math.sqrt %[[E]]
// CHECK: %[[R:.*]] = math.rsqrt %[[S]]
// CHECK: %[[T:.*]] = math.tanh %[[R]]
// CHECK: %[[DT:.*]] = arith.divf %[[D]], %[[T]]
// CHECK: %[[T1:.*]] = arith.mulf %[[DT]], %[[T]]
// CHECK: %[[T2:.*]] = arith.mulf %[[T1]], %[[T]]
// CHECK: %[[DR:.*]] = arith.subf %[[DT]], %[[T2]]
// CHECK: %[[R1:.*]] = arith.mulf %[[DR]], %[[R]]
// CHECK: %[[R2:.*]] = arith.addf %[[S]], %[[S]]
// CHECK: %[[R3:.*]] = arith.divf %[[R1]], %[[R2]]
// CHECK: %[[DS:.*]] = arith.negf %[[R3]]
// CHECK: %[[S1:.*]] = arith.addf %[[S]], %[[S]]
// CHECK: %[[DE:.*]] = arith.divf %[[DS]], %[[S1]]
// CHECK: %[[DX:.*]] = arith.mulf %[[DE]], %[[E]]
// CHECK: return %[[DX]] :
func.func @functions(%x: !t) -> !t {
  %0 = math.exp %x : !t
  %1 = math.sqrt %0 : !t
  %2 = math.rsqrt %1 : !t
  %3 = math.tanh %2 : !t
  %4 = math.log %3 : !t
  return %4 : !t
}

// CHECK-LABEL: func @casts_grad(
// CHECK-SAME: %[[D:[^:]*]]: tensor<4x?xf32>)
// CHECK-NEXT: %[[A:.*]] = tensor.cast %[[D]] : tensor<4x?xf32> to tensor<4x1xf32>
// CHECK-NEXT: %[[B:.*]] = tensor.collapse_shape %[[A]] {{\[\[}}0, 1]] : tensor<4x1xf32> into tensor<4xf32>
// CHECK-NEXT: return %[[B]] :
func.func @casts(%x: tensor<4xf32>) -> tensor<4x?xf32> {
  %0 = tensor.expand_shape %x [[0, 1]] output_shape [4, 1] : tensor<4xf32> into tensor<4x1xf32>
  %1 = tensor.cast %0 : tensor<4x1xf32> to tensor<4x?xf32>
  return %1 : tensor<4x?xf32>
}

// Slices, of lower rank and strided, too.
// CHECK-LABEL: func @slices_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x8xf32>, %[[Y:[^:]*]]: tensor<?x4xf32>, %[[N:[^:]*]]: index, %[[D:[^:]*]]: tensor<4xf32>)
// CHECK: %[[S:.*]] = tensor.extract_slice %[[X]]
// CHECK: %[[I:.*]] = tensor.insert_slice %[[S]] into %[[Y]]
// CHECK: %[[ZI:.*]] = linalg.fill {{.*}} -> tensor<?x4xf32>
// CHECK: %[[DI:.*]] = tensor.insert_slice %[[D]] into %[[ZI]][0, 1] [4, 1] [1, 1] : tensor<4xf32> into tensor<?x4xf32>
// CHECK: %[[DS:.*]] = tensor.extract_slice %[[DI]][1, 0] [%[[N]], 4] [1, 1] : tensor<?x4xf32> to tensor<?x4xf32>
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]])
// CHECK: %[[ZS:.*]] = linalg.fill {{.*}} outs(%[[EMPTY]] :
// CHECK: %[[DY:.*]] = tensor.insert_slice %[[ZS]] into %[[DI]][1, 0] [%[[N]], 4] [1, 1] : tensor<?x4xf32> into tensor<?x4xf32>
// CHECK: %[[ZX:.*]] = linalg.fill {{.*}} -> tensor<?x8xf32>
// CHECK: %[[DX:.*]] = tensor.insert_slice %[[DS]] into %[[ZX]][%[[N]], 0] [%[[N]], 4] [2, 1] : tensor<?x4xf32> into tensor<?x8xf32>
// CHECK: return %[[DX]], %[[DY]] :
func.func @slices(%x: tensor<?x8xf32>, %y: tensor<?x4xf32>, %n: index) -> tensor<4xf32> {
  %0 = tensor.extract_slice %x[%n, 0] [%n, 4] [2, 1] : tensor<?x8xf32> to tensor<?x4xf32>
  %1 = tensor.insert_slice %0 into %y[1, 0] [%n, 4] [1, 1] : tensor<?x4xf32> into tensor<?x4xf32>
  %2 = tensor.extract_slice %1[0, 1] [4, 1] [1, 1] : tensor<?x4xf32> to tensor<4xf32>
  return %2 : tensor<4xf32>
}

// Products are summed in the type of the result, which the destination is a
// part of.
// CHECK-LABEL: func @mixed_grad(
// CHECK-SAME: %[[D:[^:]*]]: tensor<?x5x7xf32>) -> (tensor<?x5x6xbf16>, tensor<?x6x7xbf16>, tensor<?x5x7xf32>)
// CHECK: %[[A:.*]] = linalg.contract {{.*}} outs({{.*}} : tensor<?x5x6xf32>)
// CHECK: %[[DA:.*]] = arith.truncf %[[A]] : tensor<?x5x6xf32> to tensor<?x5x6xbf16>
// CHECK: %[[B:.*]] = linalg.contract {{.*}} outs({{.*}} : tensor<?x6x7xf32>)
// CHECK: %[[DB:.*]] = arith.truncf %[[B]] : tensor<?x6x7xf32> to tensor<?x6x7xbf16>
// CHECK: return %[[DA]], %[[DB]], %[[D]] :
func.func @mixed(%a: tensor<?x5x6xbf16>, %b: tensor<?x6x7xbf16>, %c: tensor<?x5x7xf32>) -> tensor<?x5x7xf32> {
  %0 = linalg.batch_matmul ins(%a, %b : tensor<?x5x6xbf16>, tensor<?x6x7xbf16>) outs(%c : tensor<?x5x7xf32>) -> tensor<?x5x7xf32>
  return %0 : tensor<?x5x7xf32>
}

// Zeros where no result depends on an argument: through a destination that is
// overwritten, or through integers. What leads to no result needs no rule.
// CHECK-LABEL: func @zeros_grad(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?xf32>, %[[Y:[^:]*]]: tensor<?xf32>,
// CHECK-NOT: math.sin
// CHECK: tensor.dim %[[X]]
// CHECK: %[[DX:.*]] = linalg.fill
// CHECK: tensor.dim %[[Y]]
// CHECK: %[[DY:.*]] = linalg.fill
// CHECK: return %[[DX]], %[[DY]] :
func.func @zeros(%x: !t, %y: !t) -> (!t, !t) {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.fill ins(%zero : f32) outs(%x : !t) -> !t
  %1 = arith.fptosi %y : !t to tensor<?xi32>
  %2 = arith.sitofp %1 : tensor<?xi32> to !t
  %3 = math.sin %y : !t
  return %0, %2 : !t, !t
}
