// RUN: longnet-opt %s --allow-unregistered-dialect --longnet-hoist-scratch | FileCheck %s -enable-var-scope

// Bytes of a buffer in whole lines, and a gap.
// CHECK-DAG: #[[$FIRST:.*]] = affine_map<()[s0] -> (((s0 * 3) ceildiv 8) * 64 + 1344)>
// CHECK-DAG: #[[$BOTH:.*]] = affine_map<()[s0] -> (((s0 * 3) ceildiv 8) * 64 + 2752)>
// CHECK-DAG: #[[$BYTES:.*]] = affine_map<()[s0] -> ((s0 ceildiv 16) * 64 + 1344)>

// Every thread allocates what all its iterations use; what depends on one stays.
// CHECK-LABEL: func @tasks
// CHECK: omp.parallel {
// CHECK: %[[SIZE:.*]] = arith.minsi
// CHECK: %[[ALL:.*]] = affine.apply #[[$BYTES]]()[%[[SIZE]]]
// CHECK-NEXT: %[[BUFFER:.*]] = memref.alloc(%[[ALL]]) {alignment = 64 : i64} : memref<?xi8>
// CHECK-NEXT: %[[SCRATCH:.*]] = memref.view %[[BUFFER]][%{{.*}}][%[[SIZE]]] : memref<?xi8> to memref<?xf32>
// CHECK-NEXT: linalg.fill {longnet.done_once} ins(%{{.*}}) outs(%[[SCRATCH]] :
// CHECK-NEXT: omp.wsloop {
// CHECK-NEXT: omp.loop_nest (%[[I:[a-z0-9]*]])
// CHECK-NEXT: memref.alloca_scope {
// CHECK-NEXT: linalg.fill ins(%{{.*}}) outs(%[[SCRATCH]] :
// CHECK-NEXT: %[[OWN:.*]] = memref.alloc(%[[I]])
// CHECK-NEXT: linalg.fill {longnet.done_once} ins(%{{.*}}) outs(%[[OWN]] :
// CHECK-NEXT: "test.use"(%[[SCRATCH]], %[[OWN]])
// CHECK-NEXT: memref.dealloc %[[OWN]]
// CHECK-NEXT: }
// CHECK-NEXT: omp.yield
// CHECK: memref.dealloc %[[BUFFER]]
// CHECK-NEXT: omp.terminator
func.func @tasks(%n: index, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  omp.parallel {
    omp.wsloop {
      omp.loop_nest (%i) : index = (%c0) to (%n) step (%c1) {
        memref.alloca_scope {
          %size = arith.minsi %n, %c64 : index
          %scratch = memref.alloc(%size) : memref<?xf32>
          linalg.fill {longnet.done_once} ins(%x : f32) outs(%scratch : memref<?xf32>)
          linalg.fill ins(%x : f32) outs(%scratch : memref<?xf32>)
          %own = memref.alloc(%i) : memref<?xf32>
          linalg.fill {longnet.done_once} ins(%x : f32) outs(%own : memref<?xf32>)
          "test.use"(%scratch, %own) : (memref<?xf32>, memref<?xf32>) -> ()
          memref.dealloc %scratch : memref<?xf32>
          memref.dealloc %own : memref<?xf32>
        }
        omp.yield
      }
    }
    omp.terminator
  }
  return
}

// One buffer for all, in whole lines with a gap; fillings go to their parts.
// CHECK-LABEL: func @two
// CHECK-SAME: %[[N:[a-z0-9]*]]: index
// CHECK-DAG: %[[BEGIN:.*]] = affine.apply #[[$FIRST]]()[%[[N]]]
// CHECK-DAG: %[[ALL:.*]] = affine.apply #[[$BOTH]]()[%[[N]]]
// CHECK: %[[BUFFER:.*]] = memref.alloc(%[[ALL]]) {alignment = 64 : i64} : memref<?xi8>
// CHECK: %[[INDICES:.*]] = memref.view %[[BUFFER]][%{{.*}}][%[[N]]] : memref<?xi8> to memref<?x3xindex>
// CHECK-NEXT: linalg.fill {longnet.done_once} ins(%{{.*}} : index) outs(%[[INDICES]] :
// CHECK-NEXT: %[[HALVES:.*]] = memref.view %[[BUFFER]][%[[BEGIN]]][] : memref<?xi8> to memref<5xbf16>
// CHECK-NEXT: linalg.fill {longnet.done_once} ins(%{{.*}} : bf16) outs(%[[HALVES]] :
// CHECK-NEXT: scf.for
// CHECK-NEXT: "test.use"(%[[INDICES]], %[[HALVES]])
// CHECK-NEXT: }
// CHECK-NEXT: memref.dealloc %[[BUFFER]]
// CHECK-NEXT: return
func.func @two(%n: index, %x: bf16) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %indices = memref.alloc(%n) {alignment = 64 : i64} : memref<?x3xindex>
    %halves = memref.alloc() : memref<5xbf16>
    linalg.fill {longnet.done_once} ins(%c1 : index) outs(%indices : memref<?x3xindex>)
    linalg.fill {longnet.done_once} ins(%x : bf16) outs(%halves : memref<5xbf16>)
    "test.use"(%indices, %halves) : (memref<?x3xindex>, memref<5xbf16>) -> ()
    memref.dealloc %indices : memref<?x3xindex>
    memref.dealloc %halves : memref<5xbf16>
  }
  return
}

// What no line of bytes can hold stays.
// CHECK-LABEL: func @other_memory
// CHECK: scf.for
// CHECK-NEXT: memref.alloc() : memref<4xf32, 1>
// CHECK-NEXT: memref.alloc() : memref<4xmemref<2xf32>>
// CHECK-NEXT: memref.alloc() {alignment = 4096 : i64} : memref<4xf32>
func.func @other_memory(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() : memref<4xf32, 1>
    %b = memref.alloc() : memref<4xmemref<2xf32>>
    %c = memref.alloc() {alignment = 4096 : i64} : memref<4xf32>
    "test.use"(%a, %b, %c) : (memref<4xf32, 1>, memref<4xmemref<2xf32>>, memref<4xf32>) -> ()
    memref.dealloc %a : memref<4xf32, 1>
    memref.dealloc %b : memref<4xmemref<2xf32>>
    memref.dealloc %c : memref<4xf32>
  }
  return
}

// Through all loops of a nest, but not out of a condition.
// CHECK-LABEL: func @loops
// CHECK: %[[BUFFER:.*]] = memref.alloc(%c1408) {alignment = 64 : i64} : memref<?xi8>
// CHECK-NEXT: %[[SCRATCH:.*]] = memref.view %[[BUFFER]][%c0{{.*}}][] : memref<?xi8> to memref<4xf32>
// CHECK-NEXT: scf.for
// CHECK-NEXT: scf.for
// CHECK-NEXT: "test.use"
// CHECK-NEXT: scf.if
// CHECK-NEXT: memref.alloc() : memref<5xf32>
// CHECK: memref.dealloc %{{.*}} : memref<5xf32>
// CHECK: memref.dealloc %[[BUFFER]] : memref<?xi8>
// CHECK-NEXT: return
func.func @loops(%n: index, %b: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %a = memref.alloc() : memref<4xf32>
      "test.use"(%a) : (memref<4xf32>) -> ()
      scf.if %b {
        %c = memref.alloc() : memref<5xf32>
        "test.use"(%c) : (memref<5xf32>) -> ()
        memref.dealloc %c : memref<5xf32>
      }
      memref.dealloc %a : memref<4xf32>
    }
  }
  return
}

// What leaves an iteration belongs to it.
// CHECK-LABEL: func @kept
// CHECK: scf.for
// CHECK-NEXT: memref.alloc()
func.func @kept(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() : memref<4xf32>
    "test.keep"(%a) : (memref<4xf32>) -> ()
  }
  return
}
