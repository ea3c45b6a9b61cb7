// RUN: longnet-opt %s --longnet-lower-to-tiles --longnet-outline-tiles | FileCheck %s

// Calls stay inside their module.
// CHECK-LABEL: module @inner
module @inner {
  func.func @f(%q: memref<1x1x8x4xf32>, %o: memref<1x1x8x4xf32>, %l: memref<1x1x8xf32>) {
    longnet.attend [<segment = 8, dilation = 1>]
        ins(%q, %q, %q : memref<1x1x8x4xf32>, memref<1x1x8x4xf32>, memref<1x1x8x4xf32>)
        outs(%o, %l : memref<1x1x8x4xf32>, memref<1x1x8xf32>)
    return
  }
  // CHECK: func.func private @longnet_attend_group
  // CHECK: func.func private @longnet_attend_tile(
}
// CHECK-NOT: func.func
