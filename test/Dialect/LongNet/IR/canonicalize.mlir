// RUN: longnet-opt %s -canonicalize | FileCheck %s -enable-var-scope

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>

// CHECK-LABEL: func @zero_offset
// CHECK-NOT: query_offset
func.func @zero_offset(%q: !seq) -> (!seq, !lse) {
  %zero = arith.constant 0 : index
  %0:2 = longnet.dilated_attention %q, %q, %q query_offset %zero
      branches = [<segment = 8, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// CHECK-LABEL: func @other_offset
// CHECK: query_offset
func.func @other_offset(%q: !seq) -> (!seq, !lse) {
  %one = arith.constant 1 : index
  %0:2 = longnet.dilated_attention %q, %q, %q query_offset %one
      branches = [<segment = 8, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// CHECK-LABEL: func @default_scale
// CHECK-NOT: scale
func.func @default_scale(%q: tensor<1x4x?x64xf32>) -> (tensor<1x4x?x64xf32>, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 8, dilation = 1>] scale = 0.125
      : (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) -> (tensor<1x4x?x64xf32>, !lse)
  return %0#0, %0#1 : tensor<1x4x?x64xf32>, !lse
}

// CHECK-LABEL: func @other_scale
// CHECK: scale = 1.250000e-01
func.func @other_scale(%q: !seq) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 8, dilation = 1>] scale = 0.125
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// CHECK-LABEL: func @grad_defaults
// CHECK-NOT: query_offset
// CHECK-NOT: scale
// CHECK: return
func.func @grad_defaults(%q: tensor<1x4x?x64xf32>, %l: !lse)
    -> (tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>) {
  %zero = arith.constant 0 : index
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : tensor<1x4x?x64xf32>, !lse)
      gradient(%q : tensor<1x4x?x64xf32>) query_offset %zero branches = [<segment = 8, dilation = 1>] scale = 0.125
      : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>
  return %0#0, %0#1, %0#2 : tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>, tensor<1x4x?x64xf32>
}

// CHECK-LABEL: func @grad_others
// CHECK: query_offset
// CHECK-SAME: detached scale = 1.250000e-01
func.func @grad_others(%q: !seq, %l: !lse) -> (!seq, !seq, !seq) {
  %one = arith.constant 1 : index
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      query_offset %one branches = [<segment = 8, dilation = 1>] detached scale = 0.125 : !seq, !seq, !seq
  return %0#0, %0#1, %0#2 : !seq, !seq, !seq
}

// CHECK-LABEL: func @combine_one
// CHECK-SAME: (%[[OUT:[^:]*]]: {{.*}}, %[[LSE:[^:]*]]: {{.*}})
// CHECK: return %[[OUT]], %[[LSE]]
func.func @combine_one(%a: !seq, %la: !lse) -> (!seq, !lse) {
  %0:2 = longnet.combine(%a), (%la) : (!seq), (!lse) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// Rounding is work.
//
// CHECK-LABEL: func @combine_one_and_round
// CHECK: longnet.combine
func.func @combine_one_and_round(%a: !seq, %la: !lse) -> (tensor<1x4x?x8xbf16>, !lse) {
  %0:2 = longnet.combine(%a), (%la) : (!seq), (!lse) -> (tensor<1x4x?x8xbf16>, !lse)
  return %0#0, %0#1 : tensor<1x4x?x8xbf16>, !lse
}

// CHECK-LABEL: func @combine_nested
// CHECK-SAME: (%[[A:[^:]*]]: {{[^%]*}}%[[LA:[^:]*]]: {{[^%]*}}%[[B:[^:]*]]: {{[^%]*}}%[[LB:[^:]*]]: {{[^%]*}}%[[C:[^:]*]]: {{[^%]*}}%[[LC:[^:]*]]: {{[^%]*}})
// CHECK-NEXT: %[[OUT:.*]], %[[LSE:.*]] = longnet.combine(%[[A]], %[[B]], %[[C]]), (%[[LA]], %[[LB]], %[[LC]])
// CHECK-NEXT: return %[[OUT]], %[[LSE]]
func.func @combine_nested(%a: !seq, %la: !lse, %b: !seq, %lb: !lse, %c: !seq, %lc: !lse) -> (!seq, !lse) {
  %0:2 = longnet.combine(%b, %c), (%lb, %lc) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  %1:2 = longnet.combine(%a, %0#0), (%la, %0#1) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  return %1#0, %1#1 : !seq, !lse
}

// What others read is computed once.
//
// CHECK-LABEL: func @combine_nested_with_other_users
// CHECK-COUNT-2: longnet.combine
func.func @combine_nested_with_other_users(%a: !seq, %la: !lse) -> (!seq, !seq, !lse) {
  %0:2 = longnet.combine(%a, %a), (%la, %la) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  %1:2 = longnet.combine(%a, %0#0), (%la, %0#1) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  return %0#0, %1#0, %1#1 : !seq, !seq, !lse
}

// CHECK-LABEL: func @combine_nothing
// CHECK-SAME: (%[[OUT:[^:]*]]: {{.*}}, %[[LSE:[^:]*]]: {{.*}})
// CHECK: return %[[OUT]], %[[LSE]]
func.func @combine_nothing(%a: tensor<1x4x9x8xf32>, %la: tensor<1x4x9xf32>) -> (tensor<1x4x9x8xf32>, tensor<1x4x9xf32>) {
  %nothing = arith.constant dense<0xFF800000> : tensor<1x4x9xf32>
  %0:2 = longnet.combine(%a, %a), (%nothing, %la)
      : (tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>), (tensor<1x4x9xf32>, tensor<1x4x9xf32>)
     -> (tensor<1x4x9x8xf32>, tensor<1x4x9xf32>)
  return %0#0, %0#1 : tensor<1x4x9x8xf32>, tensor<1x4x9xf32>
}

// +inf is not nothing, and neither is one of several.
//
// CHECK-LABEL: func @combine_something
// CHECK: longnet.combine(%{{.*}}, %{{.*}}, %{{.*}}), (
func.func @combine_something(%a: tensor<1x1x2x8xf32>, %la: tensor<1x1x2xf32>) -> (tensor<1x1x2x8xf32>, tensor<1x1x2xf32>) {
  %inf = arith.constant dense<0x7F800000> : tensor<1x1x2xf32>
  %some = arith.constant dense<[[[0xFF800000, 0.0]]]> : tensor<1x1x2xf32>
  %0:2 = longnet.combine(%a, %a, %a), (%inf, %some, %la)
      : (tensor<1x1x2x8xf32>, tensor<1x1x2x8xf32>, tensor<1x1x2x8xf32>),
        (tensor<1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>) -> (tensor<1x1x2x8xf32>, tensor<1x1x2xf32>)
  return %0#0, %0#1 : tensor<1x1x2x8xf32>, tensor<1x1x2xf32>
}

// CHECK-LABEL: func @combine_no_segments
// CHECK-SAME: (%[[OUT:[^:]*]]: {{[^%]*}}%[[LSE:[^:]*]]: {{[^%]*}}
// CHECK: return %[[OUT]], %[[LSE]]
func.func @combine_no_segments(%a: !seq, %la: !lse, %rows: tensor<1x4x0x?x8xf32>, %rows_lse: tensor<1x4x0x?xf32>,
                               %at: tensor<0x?xindex>, %n: index) -> (!seq, !lse) {
  %0:2 = longnet.scatter %rows, %rows_lse at %at into %n
      : (tensor<1x4x0x?x8xf32>, tensor<1x4x0x?xf32>), tensor<0x?xindex> -> (!seq, !lse)
  %1:2 = longnet.combine(%0#0, %a), (%0#1, %la) : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  return %1#0, %1#1 : !seq, !lse
}

// A combination of nothing but nothing still is one.
//
// CHECK-LABEL: func @combine_only_nothing
// CHECK: longnet.combine
func.func @combine_only_nothing(%a: tensor<1x4x9x8xf32>) -> (tensor<1x4x9x8xf32>, tensor<1x4x9xf32>) {
  %nothing = arith.constant dense<0xFF800000> : tensor<1x4x9xf32>
  %0:2 = longnet.combine(%a, %a), (%nothing, %nothing)
      : (tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>), (tensor<1x4x9xf32>, tensor<1x4x9xf32>)
     -> (tensor<1x4x9x8xf32>, tensor<1x4x9xf32>)
  return %0#0, %0#1 : tensor<1x4x9x8xf32>, tensor<1x4x9xf32>
}

// CHECK-LABEL: func @attend_of_casts
// CHECK: longnet.attend [<segment = 8, dilation = 1>]
// CHECK-SAME: ins({{.*}} : tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>)
// CHECK-SAME: outs({{.*}} : tensor<1x4x9x8xf32>, tensor<1x4x9xf32>)
func.func @attend_of_casts(%q: tensor<1x4x9x8xf32>, %o: tensor<1x4x9x8xf32>, %l: tensor<1x4x9xf32>) -> (!seq, !lse) {
  %q0 = tensor.cast %q : tensor<1x4x9x8xf32> to !seq
  %o0 = tensor.cast %o : tensor<1x4x9x8xf32> to !seq
  %l0 = tensor.cast %l : tensor<1x4x9xf32> to !lse
  %0:2 = longnet.attend [<segment = 8, dilation = 1>] ins(%q0, %q0, %q0 : !seq, !seq, !seq)
      outs(%o0, %l0 : !seq, !lse) -> !seq, !lse
  return %0#0, %0#1 : !seq, !lse
}

// CHECK-LABEL: func @attend_grad_of_casts
// CHECK: longnet.attend_grad <segment = 8, dilation = 1>
// CHECK-SAME: ins({{.*}} : tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>, tensor<1x4x9xf32>, tensor<1x4x9xf32>, tensor<1x4x9x8xf32>)
// CHECK-SAME: outs({{.*}} : tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>, tensor<1x4x9x8xf32>)
func.func @attend_grad_of_casts(%q: tensor<1x4x9x8xf32>, %l: tensor<1x4x9xf32>) -> (!seq, !seq, !seq) {
  %q0 = tensor.cast %q : tensor<1x4x9x8xf32> to !seq
  %l0 = tensor.cast %l : tensor<1x4x9xf32> to !lse
  %0:3 = longnet.attend_grad <segment = 8, dilation = 1>
      ins(%q0, %q0, %q0, %l0, %l0, %q0 : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q0, %q0, %q0 : !seq, !seq, !seq) -> !seq, !seq, !seq
  return %0#0, %0#1, %0#2 : !seq, !seq, !seq
}

// CHECK-LABEL: func @attention_of_casts
// CHECK: longnet.attention ins({{.*}} : tensor<1x4x2x8x8xf32>, tensor<1x4x2x8x8xf32>, tensor<1x4x2x8x8xf32>)
// CHECK-SAME: at({{.*}} : tensor<2x8xindex>, tensor<2x8xindex>)
func.func @attention_of_casts(%q: tensor<1x4x2x8x8xf32>, %at: tensor<2x8xindex>, %o: tensor<1x4x?x8x8xf32>,
                              %l: tensor<1x4x?x8xf32>) -> tensor<1x4x?x8x8xf32> {
  %q0 = tensor.cast %q : tensor<1x4x2x8x8xf32> to tensor<1x4x?x8x8xf32>
  %at0 = tensor.cast %at : tensor<2x8xindex> to tensor<?x8xindex>
  %0:2 = longnet.attention
      ins(%q0, %q0, %q0 : tensor<1x4x?x8x8xf32>, tensor<1x4x?x8x8xf32>, tensor<1x4x?x8x8xf32>)
      at(%at0, %at0 : tensor<?x8xindex>, tensor<?x8xindex>)
      outs(%o, %l : tensor<1x4x?x8x8xf32>, tensor<1x4x?x8xf32>) -> tensor<1x4x?x8x8xf32>, tensor<1x4x?x8xf32>
  return %0#0 : tensor<1x4x?x8x8xf32>
}

// Unused pieces go away.
//
// CHECK-LABEL: func @dead
// CHECK-NEXT: return
func.func @dead(%q: !seq, %n: index, %o: tensor<1x4x?x?x8xf32>, %l: tensor<1x4x?x?xf32>) {
  %s:2 = longnet.segment %q by 8 : (!seq) -> (tensor<1x4x?x?x8xf32>), tensor<?x?xindex>
  %p:2 = longnet.sparsify <segment = 8, dilation = 2> %s#0 at %s#1
      : (tensor<1x4x?x?x8xf32>), tensor<?x?xindex> -> (tensor<1x4x?x?x8xf32>), tensor<4x?x?xindex>
  %a:2 = longnet.attention ins(%p#0, %p#0, %p#0 : tensor<1x4x?x?x8xf32>, tensor<1x4x?x?x8xf32>, tensor<1x4x?x?x8xf32>)
      at(%p#1, %p#1 : tensor<4x?x?xindex>, tensor<4x?x?xindex>)
      outs(%o, %l : tensor<1x4x?x?x8xf32>, tensor<1x4x?x?xf32>) -> tensor<1x4x?x?x8xf32>, tensor<1x4x?x?xf32>
  %r:2 = longnet.scatter %a#0, %a#1 at %p#1 into %n
      : (tensor<1x4x?x?x8xf32>, tensor<1x4x?x?xf32>), tensor<4x?x?xindex> -> (!seq, !lse)
  %d:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 8, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  %t:2 = longnet.attend [<segment = 8, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      outs(%r#0, %r#1 : !seq, !lse) -> !seq, !lse
  %g:3 = longnet.dilated_attention_grad %q, %q, %q results(%t#0, %t#1 : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 8, dilation = 1>] : !seq, !seq, !seq
  %ag:3 = longnet.attend_grad <segment = 8, dilation = 1>
      ins(%q, %q, %q, %t#1, %t#1, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%g#0, %g#1, %g#2 : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}
