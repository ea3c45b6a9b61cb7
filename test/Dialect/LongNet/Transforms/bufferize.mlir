// RUN: longnet-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   | FileCheck %s --enable-var-scope

// A chain runs in place: nothing is allocated and nothing copied.
// CHECK-LABEL: func @chain
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: longnet.attend [<segment = 32, dilation = 1>] ins
// CHECK: longnet.attend [<segment = 64, dilation = 2>] accumulate ins
// CHECK-NOT: memref.copy
// CHECK: return
func.func @chain(%q: tensor<1x1x?x16xf32>, %k: tensor<1x1x?x16xf32>,
                 %o: tensor<1x1x?x16xf32> {bufferization.writable = true},
                 %l: tensor<1x1x?xf32> {bufferization.writable = true})
    -> (tensor<1x1x?x16xf32>, tensor<1x1x?xf32>) {
  %a:2 = longnet.attend [<segment = 32, dilation = 1>]
      ins(%q, %q, %q : tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>)
      outs(%o, %l : tensor<1x1x?x16xf32>, tensor<1x1x?xf32>) -> tensor<1x1x?x16xf32>, tensor<1x1x?xf32>
  %b:2 = longnet.attend [<segment = 64, dilation = 2>] accumulate
      ins(%q, %k, %k : tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>)
      outs(%a#0, %a#1 : tensor<1x1x?x16xf32>, tensor<1x1x?xf32>) -> tensor<1x1x?x16xf32>, tensor<1x1x?xf32>
  return %b#0, %b#1 : tensor<1x1x?x16xf32>, tensor<1x1x?xf32>
}

// A destination that is not read may be overwritten in place while its old
// value is not needed; one that is read again is copied first.
// CHECK-LABEL: func @kept
// CHECK: memref.copy
// CHECK: longnet.attend [<segment = 32, dilation = 1>] accumulate
func.func @kept(%q: tensor<1x1x?x16xf32>, %o: tensor<1x1x?x16xf32>, %l: tensor<1x1x?xf32>)
    -> (tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>) {
  %a:2 = longnet.attend [<segment = 32, dilation = 1>] accumulate
      ins(%q, %q, %q : tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>)
      outs(%o, %l : tensor<1x1x?x16xf32>, tensor<1x1x?xf32>) -> tensor<1x1x?x16xf32>, tensor<1x1x?xf32>
  return %a#0, %o : tensor<1x1x?x16xf32>, tensor<1x1x?x16xf32>
}
