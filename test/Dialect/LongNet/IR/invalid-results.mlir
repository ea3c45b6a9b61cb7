// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!seq = tensor<1x4x9x8xf32>
func.func @rows(%q: !seq) {
  // expected-error @below {{expects one number of query rows, got 9 in query and 10 in lse}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, tensor<1x4x10xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
func.func @heads(%q: !seq) {
  // expected-error @below {{expects one number of heads, got 4 in query and 2 in out}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (tensor<1x2x9x8xf32>, tensor<1x2x9xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
func.func @batch_size(%q: !seq) {
  // expected-error @below {{expects one batch size, got 1 in query and 2 in out}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (tensor<2x4x9x8xf32>, tensor<1x4x9xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
func.func @value_dimension(%q: !seq) {
  // expected-error @below {{expects one value dimension, got 8 in value and 7 in out}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (tensor<1x4x9x7xf32>, tensor<1x4x9xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf16>
func.func @lse_type(%q: !seq) {
  // expected-error @below {{expects lse of 'f32' for 'f16' sequences, got 'f64'}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, tensor<1x4x9xf64>)
  return
}

// -----

!seq = tensor<1x4x9x8xf16>
func.func @out_type(%q: !seq) {
  // expected-error @below {{expects out of 'f16' or 'f32', got 'bf16'}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (tensor<1x4x9x8xbf16>, tensor<1x4x9xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
func.func @one_result(%q: !seq) {
  // expected-error @below {{'longnet.dilated_attention' op result #1 must be 3D tensor}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !seq)
  return
}
