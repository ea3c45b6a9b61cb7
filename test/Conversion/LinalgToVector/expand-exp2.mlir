// RUN: longnet-opt %s --longnet-expand-exp2 | FileCheck %s --enable-var-scope

// CHECK-LABEL: func @vector
// CHECK-DAG: %[[LEAST:.*]] = arith.constant dense<-1.270000e+02> : vector<16xf32>
// CHECK: arith.cmpf olt, %{{.*}}, %[[LEAST]]
// CHECK-COUNT-7: math.fma
// CHECK: arith.shli %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: arith.mulf
// CHECK-NOT: math.exp2
func.func @vector(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp2 %x fastmath<afn> : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func @double
// CHECK-COUNT-13: math.fma
// CHECK: arith.shli %{{.*}}, %{{.*}} : i64
func.func @double(%x: f64) -> f64 {
  %y = math.exp2 %x fastmath<afn> : f64
  return %y : f64
}

// CHECK-LABEL: func @half
// CHECK: math.exp2
func.func @half(%x: f16) -> f16 {
  %y = math.exp2 %x fastmath<afn> : f16
  return %y : f16
}

// Others may be asked for large or exact results.
// CHECK-LABEL: func @exact
// CHECK: math.exp2
func.func @exact(%x: f32) -> f32 {
  %y = math.exp2 %x : f32
  return %y : f32
}
