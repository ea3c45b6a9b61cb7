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
// CHECK-COUNT-10: "llvm.x86.tdpbf16ps"
// CHECK: math.exp2 %{{.*}} fastmath<afn> {longnet.flushed_to_zero, longnet.rounded_to_bf16}
// CHECK: llvm.inline_asm has_side_effects "", "~{memory}"
// CHECK-COUNT-22: "llvm.x86.tdpbf16ps"
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
func.func @strip(%q: memref<?x32x32x2xbf16>, %qr: memref<?x16x64x2xbf16>, %k: memref<?x128x64xbf16>, %kc: memref<?x64x128xbf16>,
                 %row: memref<?x32xf32>, %visible: index, %count: index, %dq: memref<?x64x32xf32>, %dk: memref<?x128x64xf32>,
                 %slopes: memref<32x64x32x2xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %visible of %count
      ins(%q, %qr, %k, %kc, %k, %q, %qr, %row, %row : memref<?x32x32x2xbf16>, memref<?x16x64x2xbf16>, memref<?x128x64xbf16>,
          memref<?x64x128xbf16>, memref<?x128x64xbf16>, memref<?x32x32x2xbf16>, memref<?x16x64x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
      outs(%dq, %dk, %dk : memref<?x64x32xf32>, memref<?x128x64xf32>, memref<?x128x64xf32>)
      scratch(%slopes : memref<32x64x32x2xbf16>)
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
func.func @wide(%q: memref<?x64x32x2xbf16>, %qr: memref<?x16x128x2xbf16>, %k: memref<?x128x128xbf16>,
                %row: memref<?x32xf32>, %visible: index, %count: index, %dq: memref<?x128x32xf32>, %dk: memref<?x128x128xf32>,
                %slopes: memref<32x64x32x2xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %visible of %count
      ins(%q, %qr, %k, %k, %k, %q, %qr, %row, %row : memref<?x64x32x2xbf16>, memref<?x16x128x2xbf16>, memref<?x128x128xbf16>,
          memref<?x128x128xbf16>, memref<?x128x128xbf16>, memref<?x64x32x2xbf16>, memref<?x16x128x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
      outs(%dq, %dk, %dk : memref<?x128x32xf32>, memref<?x128x128xf32>, memref<?x128x128xf32>)
      scratch(%slopes : memref<32x64x32x2xbf16>)
  return
}

// CHECK-LABEL: func @small_tiles
// CHECK: longnet.attend_grad_strip
func.func @small_tiles(%q: memref<?x16x32x2xbf16>, %qr: memref<?x16x32x2xbf16>, %k: memref<?x64x32xbf16>, %kc: memref<?x32x64xbf16>,
                       %row: memref<?x32xf32>, %at: index, %dq: memref<?x32x32xf32>, %dk: memref<?x64x32xf32>, %slopes: memref<32x32x32x2xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %k, %q, %qr, %row, %row : memref<?x16x32x2xbf16>, memref<?x16x32x2xbf16>, memref<?x64x32xbf16>,
          memref<?x32x64xbf16>, memref<?x64x32xbf16>, memref<?x16x32x2xbf16>, memref<?x16x32x2xbf16>, memref<?x32xf32>, memref<?x32xf32>)
      outs(%dq, %dk, %dk : memref<?x32x32xf32>, memref<?x64x32xf32>, memref<?x64x32xf32>)
      scratch(%slopes : memref<32x32x32x2xbf16>)
  return
}
