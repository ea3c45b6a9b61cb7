// RUN: longnet-opt %s --longnet-lower-to-tiles="pairs=32 strip=524288" --canonicalize --cse --longnet-outline-tiles \
// RUN:   | FileCheck %s -enable-var-scope

!q = memref<1x4x?x64xbf16>
!k = memref<1x2x?x64xbf16>
!lse = memref<1x4x?xf32>

// Keys of whole segments, 16 blocks of queries, and slopes of two tiles.
// CHECK-LABEL: func @gradient
// CHECK-DAG: memref.alloc() {{.*}} : memref<16x2x2x16x16x2xbf16>
// CHECK-DAG: memref.alloc({{.*}}) {{.*}} : memref<?x4x2x32x32xbf16>
// CHECK-DAG: memref.alloc({{.*}}) {{.*}} : memref<?x2x4x32x32xbf16>
// CHECK-DAG: memref.alloc() {{.*}} : memref<32x4096xbf16>
// CHECK: func.call @[[$START:[a-z_0-9]*]](
// CHECK: func.call @[[$GROUP:[a-z_0-9]*]](
// CHECK-COUNT-18: memref.dealloc
func.func @gradient(%q: !q, %k: !k, %l: !lse) {
  longnet.attend_grad <segment = 4096, dilation = 2> causal ins(%q, %k, %k, %l, %l, %q : !q, !k, !k, !lse, !lse, !q)
      outs(%q, %k, %k : !q, !k, !k)
  return
}

// All keys are packed, then chunks of queries attend to what they see of them.
// Rows of two halves come to lie side by side.
// CHECK: func.func private @[[$START]](
// CHECK: linalg.fill
// CHECK: scf.for
// CHECK: func.func private @[[$GROUP]](
// CHECK-NOT: longnet_attend_grad_strip
// CHECK: scf.for %{{.*}} step %c512 {
// CHECK: scf.for
// CHECK: memref.expand_shape %{{.*}} {{\[\[}}0, 1], [2]] output_shape [2, 16, 16]
// CHECK: func.call @longnet_attend_grad_strip(

// CHECK: func.func private @longnet_attend_grad_strip({{.*}}) attributes {{{.*}}passthrough = ["noinline"]} {
// CHECK-NEXT: longnet.attend_grad_strip
