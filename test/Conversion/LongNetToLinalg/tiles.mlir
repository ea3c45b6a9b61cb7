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
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[T]] : {{.*}}) outs(%[[ACC]] : memref<24x64xf32>) attrs = {longnet.epilogue}
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

// The six largest products of three parts of everything.
// CHECK-LABEL: func @parts
// CHECK-SAME: %[[Q:.*]]: memref<24x64x2xbf16>, %[[K:.*]]: memref<8x48xbf16>, %[[V:.*]]: memref<16x24xbf16>
// CHECK-DAG: %[[K0:.*]] = memref.subview %[[K]][0, 0] [8, 16] [1, 1]
// CHECK-DAG: %[[K2:.*]] = memref.subview %[[K]][0, 32] [8, 16] [1, 1]
// CHECK-DAG: %[[Q1:.*]] = memref.subview %[[Q]][8, 0, 0] [8, 64, 2] [1, 1, 1]
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK: ^bb0(%[[L0:.*]]: bf16, %[[L1:.*]]: bf16, %[[L2:.*]]: bf16, %[[R0:.*]]: bf16, %[[R1:.*]]: bf16, %[[R2:.*]]: bf16, %[[SUM:.*]]: f32):
// CHECK-DAG: %[[A0:.*]] = arith.extf %[[L0]]
// CHECK-DAG: %[[A1:.*]] = arith.extf %[[L1]]
// CHECK-DAG: %[[A2:.*]] = arith.extf %[[L2]]
// CHECK-DAG: %[[B0:.*]] = arith.extf %[[R0]]
// CHECK-DAG: %[[B1:.*]] = arith.extf %[[R1]]
// CHECK-DAG: %[[B2:.*]] = arith.extf %[[R2]]
// CHECK: %[[S0:.*]] = math.fma %[[A0]], %[[B2]], %[[SUM]]
// CHECK: %[[S1:.*]] = math.fma %[[A0]], %[[B1]], %[[S0]]
// CHECK: %[[S2:.*]] = math.fma %[[A1]], %[[B1]], %[[S1]]
// CHECK: %[[S3:.*]] = math.fma %[[A1]], %[[B0]], %[[S2]]
// CHECK: %[[S4:.*]] = math.fma %[[A2]], %[[B0]], %[[S3]]
// CHECK: %[[S5:.*]] = math.fma %[[A0]], %[[B0]], %[[S4]]
// CHECK: linalg.yield %[[S5]]
// CHECK: math.exp2
// CHECK: %[[P:.*]] = math.exp2
// CHECK: %[[P0:.*]] = arith.truncf %[[P]] : f32 to bf16
// CHECK: %[[W0:.*]] = arith.extf %[[P0]]
// CHECK: %[[REST:.*]] = arith.subf %[[P]], %[[W0]]
// CHECK: %[[P1:.*]] = arith.truncf %[[REST]]
// CHECK: linalg.yield %[[P0]], %[[P1]], %{{.*}}, %{{.*}} : bf16, bf16, bf16, f32
func.func @parts(%q: memref<24x64x2xbf16>, %k: memref<8x48xbf16>, %v: memref<16x24xbf16>, %acc: memref<16x64xf32>,
                 %row: memref<64xf32>) {
  longnet.attend_tile scale = 1.0 parts = 3 ins(%q, %k, %v : memref<24x64x2xbf16>, memref<8x48xbf16>, memref<16x24xbf16>)
      outs(%acc, %row, %row : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}
