// RUN: longnet-opt %s --convert-longnet-tiles-to-linalg | FileCheck %s --enable-var-scope

// CHECK-DAG: #[[$KEY:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[$LANES:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[$OUT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[$VALUE:.*]] = affine_map<(d0, d1, d2) -> (d2, d0)>

// CHECK-LABEL: func @tile
// CHECK-SAME: %[[Q:.*]]: memref<16x64xf32>, %[[K:.*]]: memref<8x16xf32>, %[[V:.*]]: memref<8x24xf32>
// CHECK-SAME: %[[ACC:.*]]: memref<24x64xf32>, %[[MAX:.*]]: memref<64xf32>, %[[SUM:.*]]: memref<64xf32>
func.func @tile(%q: memref<16x64xf32>, %k: memref<8x16xf32>, %v: memref<8x24xf32>,
                %acc: memref<24x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  // CHECK: %[[S:.*]] = memref.alloca() {alignment = 64 : i64} : memref<8x64xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[$KEY]], #[[$LANES]], #[[$OUT]]]{{.*}}} ins(%[[K]], %[[Q]] : {{.*}}) outs(%[[S]]
  // CHECK: math.fma
  // CHECK-NOT: arith.cmpi
  // CHECK: arith.cmpf ogt
  // CHECK: math.exp2
  // CHECK: math.exp2
  // CHECK: linalg.generic {indexing_maps = [#[[$VALUE]], #[[$LANES]], #[[$OUT]]]{{.*}}} ins(%[[V]], %[[S]] : {{.*}}) outs(%[[T:[a-z_0-9]*]] :
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[T]] : {{.*}}) outs(%[[ACC]]
  // CHECK-NOT: longnet
  longnet.attend_tile scale = 0.25 ins(%q, %k, %v : memref<16x64xf32>, memref<8x16xf32>, memref<8x24xf32>)
      outs(%acc, %max, %sum : memref<24x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// CHECK-LABEL: func @visible
func.func @visible(%q: memref<16x?xf64>, %k: memref<?x16xf64>, %at: memref<?xindex>, %limit: memref<?xindex>,
                   %acc: memref<16x?xf64>, %max: memref<?xf64>, %sum: memref<?xf64>) {
  // CHECK: memref.alloca(%{{.*}}, %{{.*}}) {alignment = 64 : i64} : memref<?x?xf64>
  // CHECK: arith.cmpi sle
  longnet.attend_tile scale = 0.25 ins(%q, %k, %k : memref<16x?xf64>, memref<?x16xf64>, memref<?x16xf64>)
      visible(%at, %limit : memref<?xindex>, memref<?xindex>)
      outs(%acc, %max, %sum : memref<16x?xf64>, memref<?xf64>, memref<?xf64>)
  return
}
