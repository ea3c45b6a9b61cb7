// RUN: longnet-opt %s --longnet-lower-to-tiles="pairs=32 parts=3 strip=524288" --canonicalize --cse | FileCheck %s

// f32 is split where it is packed; what has another type is not.
// CHECK-LABEL: func @attention
// CHECK-DAG: memref.alloc({{.*}}) {{.*}} : memref<?x48x64x2xbf16>
// CHECK-DAG: memref.alloc() {{.*}} : memref<64x96xbf16>
// CHECK-DAG: memref.alloc() {{.*}} : memref<64x192xbf16>
func.func @attention(%q: memref<1x1x?x20xf32>, %v: memref<1x1x?x64xf32>, %o: memref<1x1x?x64xf32>, %l: memref<1x1x?xf32>) {
  longnet.attend [<segment = 4096, dilation = 1>] ins(%q, %q, %v : memref<1x1x?x20xf32>, memref<1x1x?x20xf32>, memref<1x1x?x64xf32>)
      outs(%o, %l : memref<1x1x?x64xf32>, memref<1x1x?xf32>)
  return
}

// CHECK-LABEL: func @wider
func.func @wider(%q: memref<1x1x?x20xf64>, %l: memref<1x1x?xf64>) {
  longnet.attend [<segment = 4096, dilation = 1>] ins(%q, %q, %q : memref<1x1x?x20xf64>, memref<1x1x?x20xf64>, memref<1x1x?x20xf64>)
      outs(%q, %l : memref<1x1x?x20xf64>, memref<1x1x?xf64>)
  return
}

// CHECK-LABEL: func @gradient
func.func @gradient(%q: memref<1x1x?x32xf32>, %l: memref<1x1x?xf32>) {
  longnet.attend_grad <segment = 64, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : memref<1x1x?x32xf32>, memref<1x1x?x32xf32>, memref<1x1x?x32xf32>, memref<1x1x?xf32>, memref<1x1x?xf32>, memref<1x1x?x32xf32>)
      outs(%q, %q, %q : memref<1x1x?x32xf32>, memref<1x1x?x32xf32>, memref<1x1x?x32xf32>)
  return
}

// CHECK-LABEL: func private @longnet_attend_group
// CHECK: linalg.generic {{.*}} outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<?x20xbf16, strided<[96, 1]>>, memref<?x20xbf16, strided<[96, 1], offset: 32>>, memref<?x20xbf16, strided<[96, 1], offset: 64>>)
// CHECK: ^bb0(%[[X:.*]]: f32, %{{.*}}: bf16
// CHECK: %[[P0:.*]] = arith.truncf %[[X]] : f32 to bf16
// CHECK: %[[W0:.*]] = arith.extf %[[P0]] : bf16 to f32
// CHECK: %[[R0:.*]] = arith.subf %[[X]], %[[W0]] : f32
// CHECK: %[[P1:.*]] = arith.truncf %[[R0]] : f32 to bf16
// CHECK: %[[W1:.*]] = arith.extf %[[P1]] : bf16 to f32
// CHECK: %[[R1:.*]] = arith.subf %[[R0]], %[[W1]] : f32
// CHECK: %[[P2:.*]] = arith.truncf %[[R1]] : f32 to bf16
// CHECK: linalg.yield %[[P0]], %[[P1]], %[[P2]]
// CHECK: longnet.attend_tile scale = {{.*}} parts = 3 ins({{.*}} : memref<48x64x2xbf16, {{.*}}>, memref<64x96xbf16>, memref<64x192xbf16>)

// CHECK: func private @longnet_attend_group
// CHECK: longnet.attend_tile scale = {{[0-9.e-]+}} ins({{.*}} : memref<20x64xf64

// CHECK: func private @longnet_attend_grad_group
// CHECK: longnet.attend_grad_tile scale = {{.*}} parts = 3 ins({{.*}} : memref<48x64x2xbf16, {{.*}}>, memref<96x32x2xbf16, {{.*}}>, memref<64x96xbf16>, memref<64x96xbf16>, memref<48x64x2xbf16, {{.*}}>, memref<96x32x2xbf16, {{.*}}>, {{.*}} key_columns(%{{.*}} : memref<32x192xbf16>)
