// RUN: longnet-opt %s --longnet-expand-exp2 | FileCheck %s --enable-var-scope
// RUN: longnet-opt %s --longnet-expand-exp2="avx512" | FileCheck %s --check-prefix=AVX512

// CHECK-LABEL: func @vector
// CHECK-DAG: %[[LEAST:.*]] = arith.constant dense<-1.270000e+02> : vector<16xf32>
// CHECK: arith.cmpf olt, %{{.*}}, %[[LEAST]]
// CHECK-COUNT-5: math.fma
// CHECK: arith.shli %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: arith.mulf
// CHECK-NOT: math.exp2
// What would be denormal is zero; NaN compares true and stays.
// AVX512-LABEL: func @vector
// AVX512: %[[FRACTION:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.reduce.ps.512"(%[[X:.*]], %{{.*}}, %[[X]]
// AVX512: %[[WHOLE:.*]] = arith.subf %[[X]], %[[FRACTION]]
// AVX512-COUNT-5: math.fma
// AVX512: arith.cmpf uge, %[[X]], %{{.*}} : vector<16xf32>
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%{{.*}}, %[[WHOLE]]
func.func @vector(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp2 %x fastmath<afn> : vector<16xf32>
  return %y : vector<16xf32>
}

// CHECK-LABEL: func @double
// AVX512-LABEL: func @double
// AVX512: arith.shli
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

// Nothing large needs a bound.
// CHECK-LABEL: func @weight
// CHECK: arith.cmpf olt
// CHECK-NOT: arith.cmpf
// CHECK-COUNT-5: math.fma
func.func @weight(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp2 %x fastmath<afn> {longnet.at_most_one} : vector<8xf32>
  return %y : vector<8xf32>
}

// What is rounded to bf16 takes three steps.
// CHECK-LABEL: func @rounded
// CHECK-COUNT-3: math.fma
// CHECK-NOT: math.fma
// AVX512-LABEL: func @rounded
// AVX512-COUNT-3: math.fma
// AVX512-NOT: math.fma
func.func @rounded(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp2 %x fastmath<afn> {longnet.rounded_to_bf16} : vector<16xf32>
  return %y : vector<16xf32>
}

// Where the processor flushes denormals, small results are left to it.
// CHECK-LABEL: func @flushed
// AVX512-LABEL: func @flushed
// AVX512-NOT: arith.cmpf
// AVX512: "llvm.x86.avx512.mask.scalef.ps.512"
func.func @flushed(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp2 %x fastmath<afn> {longnet.flushed_to_zero} : vector<16xf32>
  return %y : vector<16xf32>
}
