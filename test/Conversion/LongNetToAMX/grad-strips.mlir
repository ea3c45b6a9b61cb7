// RUN: longnet-opt %s --convert-longnet-strips-to-amx --canonicalize | FileCheck %s -enable-var-scope

// Groups of two blocks of 32 queries: 80 products for the 160 tiles of 16 x 16 x 32 in 5 contractions of 32 x 64 x 64.
// CHECK-LABEL: func @strip
// CHECK: "llvm.x86.sse.stmxcsr"
// CHECK: "llvm.x86.sse.ldmxcsr"
// CHECK: "llvm.x86.ldtilecfg"
// CHECK: scf.if
//
// Scores and inner products of the first unit.
// CHECK-COUNT-16: "llvm.x86.tdpbf16ps"
// CHECK: scf.for
//
// Blocks that do not see the next tile.
// CHECK: scf.if
// CHECK: scf.for
// CHECK-COUNT-16: "llvm.x86.tdpbf16ps"
// CHECK: scf.for
// CHECK: scf.for
//
// Scores that nobody sees are hidden, then weights follow after some products.
// CHECK: scf.if
// CHECK: scf.for
// CHECK-COUNT-6: "llvm.x86.tdpbf16ps"
// CHECK: math.exp2 %{{.*}} fastmath<afn> {longnet.flushed_to_zero, longnet.rounded_to_bf16}
// CHECK: llvm.inline_asm has_side_effects "", "~{memory}"
// CHECK-COUNT-26: "llvm.x86.tdpbf16ps"
// CHECK: scf.if
// CHECK: scf.for
// CHECK-COUNT-48: "llvm.x86.tdpbf16ps"
// CHECK: scf.yield
// CHECK: scf.yield
// CHECK: scf.yield
//
// What the last group and the last tile leave.
// CHECK-COUNT-32: "llvm.x86.tdpbf16ps"
// CHECK: scf.for
// CHECK-COUNT-16: "llvm.x86.tdpbf16ps"
// CHECK-NOT: "llvm.x86.tdpbf16ps"
// CHECK: "llvm.x86.tilerelease"
// CHECK: "llvm.x86.sse.ldmxcsr"
// CHECK-NEXT: return
func.func @strip(%q: memref<?x2x2x16x16x2xbf16>, %qr: memref<?x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>,
                 %row: memref<?x32xf32>, %visible: index, %count: index, %dq: memref<?x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>,
                 %slopes: memref<32x4096xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %visible of %count
      ins(%q, %qr, %k, %kc, %k, %q, %qr, %row, %row : memref<?x2x2x16x16x2xbf16>, memref<?x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>,
          memref<?x2x4x32x32xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x2x16x16x2xbf16>, memref<?x1x4x16x16x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
      outs(%dq, %dk, %dk : memref<?x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x4x32x16xf32>)
      scratch(%slopes : memref<32x4096xbf16>)
  return
}

// Of 128 dimensions, four units in a loop, each with 80 products.
// CHECK-LABEL: func @wide
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for %{{.*}} = %{{.*}} to %c4 step %c1 {
// CHECK-COUNT-80: "llvm.x86.tdpbf16ps"
// CHECK-NOT: "llvm.x86.tdpbf16ps"
// CHECK: scf.yield
func.func @wide(%q: memref<?x4x2x16x16x2xbf16>, %qr: memref<?x1x8x16x16x2xbf16>, %k: memref<?x4x4x32x32xbf16>,
                %row: memref<?x32xf32>, %visible: index, %count: index, %dq: memref<?x4x2x32x16xf32>, %dk: memref<?x4x8x32x16xf32>,
                %slopes: memref<32x4096xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %visible of %count
      ins(%q, %qr, %k, %k, %k, %q, %qr, %row, %row : memref<?x4x2x16x16x2xbf16>, memref<?x1x8x16x16x2xbf16>, memref<?x4x4x32x32xbf16>,
          memref<?x4x4x32x32xbf16>, memref<?x4x4x32x32xbf16>, memref<?x4x2x16x16x2xbf16>, memref<?x1x8x16x16x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
      outs(%dq, %dk, %dk : memref<?x4x2x32x16xf32>, memref<?x4x8x32x16xf32>, memref<?x4x8x32x16xf32>)
      scratch(%slopes : memref<32x4096xbf16>)
  return
}

// CHECK-LABEL: func @small_tiles
// CHECK: longnet.attend_grad_strip
func.func @small_tiles(%q: memref<?x1x2x16x16x2xbf16>, %qr: memref<?x1x2x16x16x2xbf16>, %k: memref<?x2x1x32x32xbf16>, %kc: memref<?x1x2x32x32xbf16>,
                       %row: memref<?x32xf32>, %at: index, %dq: memref<?x1x2x32x16xf32>, %dk: memref<?x2x2x32x16xf32>, %slopes: memref<32x2048xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %k, %q, %qr, %row, %row : memref<?x1x2x16x16x2xbf16>, memref<?x1x2x16x16x2xbf16>, memref<?x2x1x32x32xbf16>,
          memref<?x1x2x32x32xbf16>, memref<?x2x1x32x32xbf16>, memref<?x1x2x16x16x2xbf16>, memref<?x1x2x16x16x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
      outs(%dq, %dk, %dk : memref<?x1x2x32x16xf32>, memref<?x2x2x32x16xf32>, memref<?x2x2x32x16xf32>)
      scratch(%slopes : memref<32x2048xbf16>)
  return
}
