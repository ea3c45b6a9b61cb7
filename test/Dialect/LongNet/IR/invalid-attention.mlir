// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!rows = tensor<1x2x3x4x8xf16>
func.func @out_type(%q: !rows, %l: tensor<1x2x3x4xf32>, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects out in the accumulation type, got 'f16'}}
  %0:2 = longnet.attention ins(%q, %q, %q : !rows, !rows, !rows)
      at(%at, %at : tensor<3x4xindex>, tensor<3x4xindex>)
      outs(%q, %l : !rows, tensor<1x2x3x4xf32>) -> !rows, tensor<1x2x3x4xf32>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @heads(%q: !rows, %k: tensor<1x1x3x4x8xf32>, %l: !lse, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects one number of heads, got 2 in query and 1 in key}}
  %0:2 = longnet.attention ins(%q, %k, %k : !rows, tensor<1x1x3x4x8xf32>, tensor<1x1x3x4x8xf32>)
      at(%at, %at : tensor<3x4xindex>, tensor<3x4xindex>) outs(%q, %l : !rows, !lse) -> !rows, !lse
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @segments(%q: !rows, %k: tensor<1x2x2x4x8xf32>, %l: !lse, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects one number of segments, got 3 in query and 2 in key}}
  %0:2 = longnet.attention ins(%q, %k, %k : !rows, tensor<1x2x2x4x8xf32>, tensor<1x2x2x4x8xf32>)
      at(%at, %at : tensor<3x4xindex>, tensor<3x4xindex>) outs(%q, %l : !rows, !lse) -> !rows, !lse
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @query_positions(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %p: tensor<2x4xindex>) {
  // expected-error @below {{expects one number of segments, got 3 in the rows and 2 in the query positions}}
  %0:2 = longnet.attention ins(%q, %q, %q : !rows, !rows, !rows)
      at(%p, %at : tensor<2x4xindex>, tensor<3x4xindex>) outs(%q, %l : !rows, !lse) -> !rows, !lse
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @key_positions_of_heads(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %p: tensor<3x3x4xindex>) {
  // expected-error @below {{expects one number of heads, got 2 in the rows and 3 in the key positions}}
  %0:2 = longnet.attention ins(%q, %q, %q : !rows, !rows, !rows)
      at(%at, %p : tensor<3x4xindex>, tensor<3x3x4xindex>) outs(%q, %l : !rows, !lse) -> !rows, !lse
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @key_positions(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %p: tensor<3x5xindex>) {
  // expected-error @below {{expects one number of rows a segment, got 4 in the rows and 5 in the key positions}}
  %0:2 = longnet.attention ins(%q, %q, %q : !rows, !rows, !rows)
      at(%at, %p : tensor<3x4xindex>, tensor<3x5xindex>) outs(%q, %l : !rows, !lse) -> !rows, !lse
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @lengths(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %lengths: tensor<4xindex>) {
  // expected-error @below {{expects one batch size, got 1 in query and 4 in kv_lengths}}
  %0:2 = longnet.attention ins(%q, %q, %q : !rows, !rows, !rows)
      at(%at, %at : tensor<3x4xindex>, tensor<3x4xindex>) kv_lengths(%lengths : tensor<4xindex>)
      outs(%q, %l : !rows, !lse) -> !rows, !lse
  return
}
