// RUN: longnet-opt %s -longnet-decompose -longnet-fuse | FileCheck %s -enable-var-scope --implicit-check-not="longnet.{{segment|sparsify|attention|scatter}}"

// What becomes of the operands of a `combine`.

!seq = tensor<1x4x100x8xf32>
!lse = tensor<1x4x100xf32>
!bf16 = tensor<1x4x100x8xbf16>
!f16 = tensor<1x4x100x8xf16>

// Keys of several producers: the state goes from one kernel to the next.
// Branches that differ in nothing else join, wherever they stand.
//
// CHECK-LABEL: func @producers
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K1:[^:]*]]: {{[^%]*}}%[[K2:[^:]*]]: {{.*}})
// CHECK: %[[A:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>, <segment = 32, dilation = 2>, <segment = 16, dilation = 1>] ins(%[[Q]], %[[K1]], %[[K1]] :
// CHECK: %[[B:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>] accumulate ins(%[[Q]], %[[K2]], %[[K2]] : {{.*}} outs(%[[A]]#0, %[[A]]#1 :
// CHECK: %[[C:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>] accumulate causal ins(%[[Q]], %[[K2]], %[[K2]] : {{.*}} outs(%[[B]]#0, %[[B]]#1 :
// CHECK: %[[D:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>] accumulate scale = 5.000000e-01 ins(%[[Q]], %[[K2]], %[[K2]] : {{.*}} outs(%[[C]]#0, %[[C]]#1 :
// CHECK: return %[[D]]#0, %[[D]]#1
func.func @producers(%q: !seq, %k1: !seq, %k2: !seq) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k1, %k1 branches = [<segment = 16, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %1:2 = longnet.dilated_attention %q, %k2, %k2 branches = [<segment = 16, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %2:2 = longnet.dilated_attention %q, %k1, %k1 branches = [<segment = 32, dilation = 2>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %3:2 = longnet.dilated_attention %q, %k2, %k2 branches = [<segment = 16, dilation = 1>] causal : (!seq, !seq, !seq) -> (!seq, !lse)
  %4:2 = longnet.dilated_attention %q, %k2, %k2 branches = [<segment = 16, dilation = 1>] scale = 0.5 : (!seq, !seq, !seq) -> (!seq, !lse)
  %5:2 = longnet.combine(%0#0, %1#0, %2#0, %0#0, %3#0, %4#0), (%0#1, %1#1, %2#1, %0#1, %3#1, %4#1)
      : (!seq, !seq, !seq, !seq, !seq, !seq), (!lse, !lse, !lse, !lse, !lse, !lse) -> (!seq, !lse)
  return %5#0, %5#1 : !seq, !lse
}

// A state that goes on is not rounded, the last one is.
//
// CHECK-LABEL: func @round_once
// CHECK: %[[A:.*]]:2 = longnet.attend {{.*}} outs({{.*}} : tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
// CHECK: %[[B:.*]]:2 = longnet.attend {{.*}} accumulate {{.*}} outs(%[[A]]#0, %[[A]]#1 :
// CHECK: %[[INIT:.*]] = tensor.empty() : tensor<1x4x100x8xbf16>
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[B]]#0 : tensor<1x4x100x8xf32>) outs(%[[INIT]] : tensor<1x4x100x8xbf16>)
// CHECK: arith.truncf %{{.*}} : f32 to bf16
// CHECK: return %[[R]], %[[B]]#1
func.func @round_once(%q: !bf16, %k1: !bf16, %k2: !bf16) -> (!bf16, !lse) {
  %0:2 = longnet.dilated_attention %q, %k1, %k1 branches = [<segment = 16, dilation = 1>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %1:2 = longnet.dilated_attention %q, %k2, %k2 branches = [<segment = 16, dilation = 1>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %2:2 = longnet.combine(%0#0, %1#0), (%0#1, %1#1) : (!seq, !seq), (!lse, !lse) -> (!bf16, !lse)
  return %2#0, %2#1 : !bf16, !lse
}

// A kernel rounds to its own storage type only.
//
// CHECK-LABEL: func @round_to_other_type
// CHECK: %[[A:.*]]:2 = longnet.attend {{.*}} outs({{.*}} : tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[A]]#0 :
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @round_to_other_type(%q: !bf16) -> (!f16, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %1:2 = longnet.combine(%0#0), (%0#1) : (!seq), (!lse) -> (!f16, !lse)
  return %1#0, %1#1 : !f16, !lse
}

// CHECK-LABEL: func @accumulation_type
// CHECK: longnet.attend {{.*}} outs({{.*}} : tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
// CHECK-NOT: linalg.generic
func.func @accumulation_type(%q: !bf16) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 2>]
      : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// What is no chain stays in a `combine`, which does the rounding.
//
// CHECK-LABEL: func @rest
// CHECK-SAME: %[[X:[^:]*]]: tensor<1x4x100x8xf32>, %[[LX:[^:]*]]: tensor<1x4x100xf32>)
// CHECK: %[[A:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>, <segment = 32, dilation = 2>] {{.*}} outs({{.*}} : tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
// CHECK: %[[OUT:.*]], %[[LSE:.*]] = longnet.combine(%[[A]]#0, %[[X]]), (%[[A]]#1, %[[LX]]) : {{.*}} -> (tensor<1x4x100x8xbf16>, tensor<1x4x100xf32>)
// CHECK: return %[[OUT]], %[[LSE]]
func.func @rest(%q: !bf16, %x: !seq, %lx: !lse) -> (!bf16, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %1:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 32, dilation = 2>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %2:2 = longnet.combine(%0#0, %x, %1#0), (%0#1, %lx, %1#1) : (!seq, !seq, !seq), (!lse, !lse, !lse) -> (!bf16, !lse)
  return %2#0, %2#1 : !bf16, !lse
}

// Out and lse of different chains are no pair; each becomes a kernel.
//
// CHECK-LABEL: func @no_pair
// CHECK: %[[A:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>]
// CHECK: %[[B:.*]]:2 = longnet.attend [<segment = 32, dilation = 2>]
// CHECK: longnet.combine(%[[A]]#0), (%[[B]]#1)
func.func @no_pair(%q: !bf16) -> (!bf16, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %1:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 32, dilation = 2>] : (!bf16, !bf16, !bf16) -> (!seq, !lse)
  %2:2 = longnet.combine(%0#0), (%1#1) : (!seq), (!lse) -> (!bf16, !lse)
  return %2#0, %2#1 : !bf16, !lse
}

// A chain that others read is fused for them too.
//
// CHECK-LABEL: func @other_users
// CHECK-DAG: %[[A:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>] ins
// CHECK-DAG: %[[B:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>, <segment = 32, dilation = 2>] ins
// CHECK: return %[[A]]#0, %[[B]]#0, %[[B]]#1
func.func @other_users(%q: !seq) -> (!seq, !seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %1:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 32, dilation = 2>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %2:2 = longnet.combine(%0#0, %1#0), (%0#1, %1#1) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  return %0#0, %2#0, %2#1 : !seq, !seq, !lse
}

// What stands before a loop does not move into it.
//
// CHECK-LABEL: func @loop
// CHECK: %[[A:.*]]:2 = longnet.attend
// CHECK: scf.for
// CHECK: longnet.combine(%[[A]]#0, %{{.*}}), (%[[A]]#1, %{{.*}})
func.func @loop(%q: !seq, %x: !seq, %lx: !lse, %n: index) -> (!seq, !lse) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %1:2 = scf.for %i = %c0 to %n step %c1 iter_args(%y = %x, %ly = %lx) -> (!seq, !lse) {
    %2:2 = longnet.combine(%0#0, %y), (%0#1, %ly) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
    scf.yield %2#0, %2#1 : !seq, !lse
  }
  return %1#0, %1#1 : !seq, !lse
}
