// RUN: longnet-opt %s --longnet-outline-tiles | FileCheck %s --enable-var-scope

// Tiles of the same types and scale share a function.
// CHECK-LABEL: func @tiles
func.func @tiles(%q: memref<16x64xf32>, %k: memref<8x16xf32>, %v: memref<8x16xf32>, %p: memref<8xindex>, %t: memref<64xindex>,
                 %a: memref<16x64xf32>, %m: memref<64xf32>) {
  // CHECK: call @[[$PLAIN:[a-z_0-9]*]](
  // CHECK: call @[[$PLAIN]](
  // CHECK: call @[[$OTHER:[a-z_0-9]*]](
  // CHECK: call @[[$MASKED:[a-z_0-9]*]](
  // CHECK: call @[[$MASKED]](%{{.*}}, %[[K2:.*]], %[[V2:.*]],
  // CHECK: return
  longnet.attend_tile scale = 1.0 ins(%q, %k, %k : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
      outs(%a, %m, %m : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  longnet.attend_tile scale = 1.0 ins(%q, %k, %k : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
      outs(%a, %m, %m : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  longnet.attend_tile scale = 2.0 ins(%q, %k, %k : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
      outs(%a, %m, %m : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  longnet.attend_tile scale = 1.0 ins(%q, %k, %k : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
      visible(%p, %t : memref<8xindex>, memref<64xindex>)
      outs(%a, %m, %m : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  longnet.attend_tile scale = 1.0 ins(%q, %k, %v : memref<16x64xf32>, memref<8x16xf32>, memref<8x16xf32>)
      visible(%p, %t : memref<8xindex>, memref<64xindex>)
      outs(%a, %m, %m : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}
// What is one value for the first tile need not be for the others.
// CHECK: func.func private @[[$PLAIN]](%[[Q:[a-z0-9]*]]: {{.*}}, %[[K:[a-z0-9]*]]: {{.*}}, %[[V:[a-z0-9]*]]: memref<8x16xf32>, {{.*}} attributes {llvm.linkage = #llvm.linkage<internal>, no_inline}
// CHECK: longnet.attend_tile scale = 1.000000e+00 ins(%[[Q]], %[[K]], %[[V]]
// CHECK: func.func private @[[$OTHER]](
// CHECK: longnet.attend_tile scale = 2.000000e+00
// CHECK: func.func private @[[$MASKED]](
// CHECK: visible
