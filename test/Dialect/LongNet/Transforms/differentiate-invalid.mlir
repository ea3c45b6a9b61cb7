// RUN: longnet-opt %s -longnet-differentiate -split-input-file -verify-diagnostics
// RUN: not longnet-opt %s -longnet-differentiate=functions=blocks -split-input-file 2>&1 | FileCheck %s --check-prefix=NAMED

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

func.func @unknown(%x: !seq) -> !seq {
  // expected-error@+1 {{'math.sin' op has no derivative}}
  %0 = math.sin %x : !seq
  %1:2 = longnet.dilated_attention %x, %0, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %1#0 : !seq
}

// All functions that cannot be differentiated are named.
func.func @region(%x: !seq, %c: i1) -> !seq {
  // expected-error@+1 {{'scf.if' op has no derivative}}
  %1 = scf.if %c -> !seq {
    %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 4, dilation = 1>]
        : (!seq, !seq, !seq) -> (!seq, !lse)
    scf.yield %0#0 : !seq
  } else {
    scf.yield %x : !seq
  }
  return %1 : !seq
}

// -----

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

func.func private @attend(%x: !seq) -> !seq
func.func @call(%x: !seq) -> !seq {
  %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  // expected-error@+2 {{'func.call' op has no derivative}}
  // expected-note@+1 {{calls can be differentiated when they are inlined}}
  %1 = call @attend(%0#0) : (!seq) -> !seq
  return %1 : !seq
}

// -----

// Through memory a value may go anywhere.

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

func.func @memory(%x: !seq) -> !seq {
  %buffer = memref.alloc() : memref<1x1x8x4xf32>
  // expected-error@+1 {{'bufferization.materialize_in_destination' op has no derivative}}
  bufferization.materialize_in_destination %x in restrict writable %buffer : (!seq, memref<1x1x8x4xf32>) -> ()
  %y = bufferization.to_tensor %buffer restrict : memref<1x1x8x4xf32> to !seq
  %0:2 = longnet.dilated_attention %y, %y, %y branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

func.func @filled(%x: !seq) -> !seq {
  %c0 = arith.constant 0 : index
  %e = tensor.extract %x[%c0, %c0, %c0, %c0] : !seq
  // expected-error@+1 {{'linalg.fill' op has no derivative}}
  %f = linalg.fill ins(%e : f32) outs(%x : !seq) -> !seq
  %0:2 = longnet.dilated_attention %f, %x, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

func.func @unranked(%x: !seq) -> !seq {
  %u = tensor.cast %x : !seq to tensor<*xf32>
  // expected-error@+1 {{'tensor.cast' op has no derivative}}
  %y = tensor.cast %u : tensor<*xf32> to !seq
  %0:2 = longnet.dilated_attention %y, %x, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

// A row that is read for every row of the result.

#row = affine_map<(m, n, k) -> (k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

func.func @broadcast(%x: !seq, %a: tensor<5xf32>, %b: tensor<5x4xf32>, %c: tensor<8x4xf32>) -> !seq {
  // expected-error@+1 {{'linalg.matmul' op has no derivative}}
  %p = linalg.matmul indexing_maps = [#row, #kn, #mn] ins(%a, %b : tensor<5xf32>, tensor<5x4xf32>)
      outs(%c : tensor<8x4xf32>) -> tensor<8x4xf32>
  %y = tensor.expand_shape %p [[0, 1, 2], [3]] output_shape [1, 1, 8, 4] : tensor<8x4xf32> into !seq
  %0:2 = longnet.dilated_attention %y, %x, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

// Patterns without a gradient.

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>

func.func @shifted(%x: !seq) -> !seq {
  // expected-error@+1 {{'longnet.dilated_attention_grad' op branch 0: with padding = torchscale, a dilation that does not divide the segment moves result rows off their query rows and has no gradient}}
  %0:2 = longnet.dilated_attention %x, %x, %x
      branches = [<segment = 16, dilation = 3, heads = blocked, padding = torchscale>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

// expected-error@+1 {{argument 1 of type 'memref<4xf32>' has no gradient: expects a number or a ranked tensor}}
func.func @buffer(%x: !seq, %y: memref<4xf32>) -> !seq {
  %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}

// -----

!seq = tensor<1x1x8x4xf32>
!lse = tensor<1x1x8xf32>

// expected-error@+1 {{expects no 'f_grad' in the module yet}}
func.func @f(%x: !seq) -> !seq {
  %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0 : !seq
}
func.func private @f_grad()

// -----

// Only where it is named is a function of several blocks an error.

// NAMED: error: the module has no function 'blocks'
// NAMED: error: expects one block to differentiate, got 2
func.func @blocks(%x: tensor<1x1x8x4xf32>) -> tensor<1x1x8x4xf32> {
  %0:2 = longnet.dilated_attention %x, %x, %x branches = [<segment = 4, dilation = 1>]
      : (tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>) -> (tensor<1x1x8x4xf32>, tensor<1x1x8xf32>)
  cf.br ^end
^end:
  return %0#0 : tensor<1x1x8x4xf32>
}
