// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @element_types(%q: !seq, %k: tensor<1x4x9x8xf16>, %l: !lse) {
  // expected-error @below {{expects one element type, got 'f32' in query and 'f16' in key}}
  %0:3 = longnet.dilated_attention_grad %q, %k, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] : !seq, tensor<1x4x9x8xf16>, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_dimension(%q: !seq, %k: tensor<1x4x9x6xf32>, %l: !lse) {
  // expected-error @below {{expects one head dimension, got 8 in query and 6 in key}}
  %0:3 = longnet.dilated_attention_grad %q, %k, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] : !seq, tensor<1x4x9x6xf32>, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_groups(%q: !seq, %k: tensor<1x3x9x8xf32>, %v: tensor<1x3x9x8xf32>, %l: !lse) {
  // expected-error @below {{expects the query heads (4) to be a multiple of the key heads (3)}}
  %0:3 = longnet.dilated_attention_grad %q, %k, %v results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] : !seq, tensor<1x3x9x8xf32>, tensor<1x3x9x8xf32>
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_rows(%q: !seq, %o: tensor<1x4x10x8xf32>, %l: !lse) {
  // expected-error @below {{expects one number of query rows, got 9 in query and 10 in out}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%o, %l : tensor<1x4x10x8xf32>, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lse_type(%q: !seq, %l: tensor<1x4x9xf64>) {
  // expected-error @below {{expects lse of 'f32' for 'f32' sequences, got 'f64'}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, tensor<1x4x9xf64>) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_type(%q: !seq, %o: tensor<1x4x9x8xf16>, %l: !lse) {
  // expected-error @below {{expects out of 'f32', got 'f16'}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%o, %l : tensor<1x4x9x8xf16>, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @no_branch(%q: !seq, %l: !lse) {
  // expected-error @below {{expects at least one branch}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @listed_phases(%q: !seq, %l: !lse) {
  // expected-error @below {{branch 0 lists 3 phases, for 4 heads}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 2, heads = [0, 1, 0]>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_causal(%q: !seq, %l: !lse) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with causal attention}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>] causal : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_lengths(%q: !seq, %l: !lse, %lengths: tensor<1xindex>) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with key lengths}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      kv_lengths %lengths : tensor<1xindex>
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_offset(%q: !seq, %l: !lse, %x: index) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with an offset}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      query_offset %x
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_rows(%q: !seq, %k: tensor<1x4x10x8xf32>, %v: tensor<1x4x10x8xf32>, %l: !lse) {
  // expected-error @below {{expects one number of rows with padding = torchscale, got 9 in query and 10 in key}}
  %0:3 = longnet.dilated_attention_grad %q, %k, %v results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>] : !seq, tensor<1x4x10x8xf32>, tensor<1x4x10x8xf32>
  return
}

// -----

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>
func.func @torchscale_moves_rows(%q: !seq, %l: !lse) {
  // expected-error @below {{branch 0: with padding = torchscale, a dilation that does not divide the segment moves result rows off their query rows and has no gradient}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 9, dilation = 2, heads = blocked, padding = torchscale>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @scale(%q: !seq, %l: !lse) {
  // expected-error @below {{expects a scale in the range of 'f32', got 1.000000e+300}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 4, dilation = 1>] scale = 1.0e300 : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lengths(%q: !seq, %l: !lse, %lengths: tensor<2xindex>) {
  // expected-error @below {{expects one batch size, got 1 in query and 2 in kv_lengths}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      kv_lengths %lengths : tensor<2xindex>
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @negative_offset(%q: !seq, %l: !lse) {
  %x = arith.constant -1 : index
  // expected-error @below {{expects a query offset of at least 0, got -1}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      query_offset %x
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_batch(%q: !seq, %l: !lse, %do: tensor<2x4x9x8xf32>) {
  // expected-error @below {{expects one batch size, got 1 in out and 2 in the gradient of out}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%do : tensor<2x4x9x8xf32>)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_rows(%q: !seq, %l: !lse, %do: tensor<1x4x8x8xf32>) {
  // expected-error @below {{expects one number of rows, got 9 in out and 8 in the gradient of out}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%do : tensor<1x4x8x8xf32>)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_dimension(%q: !seq, %l: !lse, %do: tensor<1x4x9x6xf32>) {
  // expected-error @below {{expects one head dimension, got 8 in out and 6 in the gradient of out}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%do : tensor<1x4x9x6xf32>)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf16>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_type(%q: !seq, %l: !lse, %do: tensor<1x4x9x8xbf16>) {
  // expected-error @below {{expects the gradient of out of 'f16' or 'f32', got 'bf16'}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%do : tensor<1x4x9x8xbf16>)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lse_gradient_heads(%q: !seq, %l: !lse, %dl: tensor<1x2x9xf32>) {
  // expected-error @below {{expects one number of heads, got 4 in lse and 2 in the gradient of lse}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      lse_gradient(%dl : tensor<1x2x9xf32>)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lse_gradient_type(%q: !seq, %l: !lse, %dl: tensor<1x4x9xf64>) {
  // expected-error @below {{expects the gradient of lse of 'f32', got 'f64'}}
  %0:3 = longnet.dilated_attention_grad %q, %q, %q results(%q, %l : !seq, !lse) gradient(%q : !seq)
      lse_gradient(%dl : tensor<1x4x9xf64>)
      branches = [<segment = 4, dilation = 1>] : !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @gradient_types(%q: !seq, %l: !lse) {
  // expected-error @below {{failed to verify that all of {key, key_grad} have same type}}
  %0:3 = "longnet.dilated_attention_grad"(%q, %q, %q, %q, %l, %q) <{
      branches = #longnet<pattern[<segment = 4, dilation = 1>]>,
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0, 0>}>
      : (!seq, !seq, !seq, !seq, !lse, !seq) -> (!seq, tensor<1x4x?x8xf32>, !seq)
  return
}
