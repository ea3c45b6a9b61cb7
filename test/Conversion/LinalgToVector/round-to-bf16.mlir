// RUN: longnet-opt %s --longnet-round-to-bf16 | FileCheck %s

// NaN is made quiet before its lower half is cut off.
// CHECK-LABEL: func @vector
// CHECK-SAME: %[[X:.*]]: vector<8xf32>
// CHECK-DAG: %[[NAN:.*]] = arith.constant dense<0x7FC00000> : vector<8xf32>
// CHECK-DAG: %[[IS_NAN:.*]] = arith.cmpf uno, %[[X]], %[[X]]
// CHECK: %[[QUIET:.*]] = arith.select %[[IS_NAN]], %[[NAN]], %[[X]] : vector<8xi1>, vector<8xf32>
// CHECK: %[[BITS:.*]] = arith.bitcast %[[QUIET]] : vector<8xf32> to vector<8xi32>
// CHECK: %[[UPPER:.*]] = arith.shrui %[[BITS]]
// CHECK: %[[ODD:.*]] = arith.andi %[[UPPER]]
// CHECK: %[[HALF:.*]] = arith.constant dense<32767> : vector<8xi32>
// CHECK: %[[MORE:.*]] = arith.addi %[[BITS]], %[[HALF]]
// CHECK: %[[SUM:.*]] = arith.addi %[[MORE]], %[[ODD]]
// CHECK: arith.shrui %[[SUM]]
// CHECK: arith.trunci %{{.*}} : vector<8xi32> to vector<8xi16>
// CHECK: arith.bitcast %{{.*}} : vector<8xi16> to vector<8xbf16>
func.func @vector(%x: vector<8xf32>) -> vector<8xbf16> {
  %y = arith.truncf %x : vector<8xf32> to vector<8xbf16>
  return %y : vector<8xbf16>
}

// CHECK-LABEL: func @scalar
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : i16 to bf16
func.func @scalar(%x: f32) -> bf16 {
  %y = arith.truncf %x : f32 to bf16
  return %y : bf16
}

// CHECK-LABEL: func @others
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK: arith.truncf %{{.*}} : f64 to bf16
func.func @others(%x: f32, %y: f64) -> (f16, bf16) {
  %0 = arith.truncf %x : f32 to f16
  %1 = arith.truncf %y : f64 to bf16
  return %0, %1 : f16, bf16
}
