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

// Where nothing is masked, positions are not looked at.
// CHECK-LABEL: func @masked
// CHECK-SAME: %[[MASKED:[a-z0-9]*]]: i1
// CHECK: scf.if %[[MASKED]] {
// CHECK: arith.cmpi sle
func.func @masked(%q: memref<16x64xf32>, %k: memref<8x16xf32>, %at: memref<8xindex>, %limit: memref<64xindex>, %masked: i1,
                  %acc: memref<16x64xf32>, %row: memref<64xf32>) {
  longnet.attend_tile scale = 1.0 ins(%q, %k, %k : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
      visible(%at, %limit : memref<8xindex>, memref<64xindex>) if %masked
      outs(%acc, %row, %row : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// Five contractions; the exponent is the difference of an exact product.
// CHECK-LABEL: func @gradient
// CHECK-COUNT-2: linalg.generic {indexing_maps = [#[[$KEY]], #[[$LANES]], #[[$OUT]]]
// CHECK: math.fma
// CHECK: math.exp2
// CHECK: arith.mulf
// CHECK-COUNT-2: linalg.generic {indexing_maps = [#[[$KEY]], #[[$LANES]], #[[$OUT]]]
// CHECK: linalg.generic {indexing_maps = [#[[$VALUE]], #[[$LANES]], #[[$OUT]]]
func.func @gradient(%q: memref<16x64xf32>, %qr: memref<64x16xf32>, %k: memref<8x16xf32>, %row: memref<64xf32>) {
  longnet.attend_grad_tile scale = 0.25
      ins(%q, %qr, %k, %k, %q, %qr, %row, %row : memref<16x64xf32>, memref<64x16xf32>, memref<8x16xf32>, memref<8x16xf32>,
          memref<16x64xf32>, memref<64x16xf32>, memref<64xf32>, memref<64xf32>)
      outs(%q, %k, %k : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
  return
}

// In pairs, weights are rounded and set side by side between the contractions.
// CHECK-LABEL: func @pairs
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK: arith.truncf %{{.*}} : f32 to bf16
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction", "reduction"]
func.func @pairs(%q: memref<8x64x2xbf16>, %k: memref<8x16xbf16>, %v: memref<16x8xbf16>, %acc: memref<16x64xf32>,
                 %row: memref<64xf32>) {
  longnet.attend_tile scale = 1.0 ins(%q, %k, %v : memref<8x64x2xbf16>, memref<8x16xbf16>, memref<16x8xbf16>)
      outs(%acc, %row, %row : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}
