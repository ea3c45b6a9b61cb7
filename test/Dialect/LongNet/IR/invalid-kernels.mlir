// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @tensors_and_buffers(%q: !seq, %o: memref<1x4x9x8xf32>, %l: memref<1x4x9xf32>) {
  // expected-error @below {{expects all tensors or all buffers, got both}}
  longnet.attend [<segment = 4, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      outs(%o, %l : memref<1x4x9x8xf32>, memref<1x4x9xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @no_results(%q: !seq, %l: !lse) {
  // expected-error @below {{expects 2 results, got 0}}
  longnet.attend [<segment = 4, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      outs(%q, %l : !seq, !lse)
  return
}

// -----

!seq = memref<1x4x9x8xf32>
func.func @results_of_buffers(%q: !seq, %l: memref<1x4x9xf32>) {
  // expected-error @below {{expects 0 results, got 1}}
  %0 = longnet.attend [<segment = 4, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      outs(%q, %l : !seq, memref<1x4x9xf32>) -> tensor<1x4x9x8xf32>
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @result_types(%q: !seq, %l: !lse) {
  // expected-error @below {{expects result 1 of its destination's type 'tensor<1x4x9xf32>', got 'tensor<1x4x?xf32>'}}
  %0:2 = longnet.attend [<segment = 4, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      outs(%q, %l : !seq, !lse) -> !seq, tensor<1x4x?xf32>
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_offset_alone(%q: !seq, %l: !lse, %h: index) {
  // expected-error @below {{expects a head offset and a number of heads together}}
  %0:2 = "longnet.attend"(%q, %q, %q, %h, %q, %l) <{
      branches = #longnet<pattern[<segment = 4, dilation = 1>]>,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 1, 1>}>
      : (!seq, !seq, !seq, index, !seq, !lse) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @listed_phases(%q: !seq, %l: !lse, %h: index) {
  %heads = arith.constant 3 : index
  // expected-error @below {{branch 1 lists 4 phases, for 3 heads}}
  %0:2 = longnet.attend [<segment = 4, dilation = 1>, <segment = 4, dilation = 2, heads = [0, 1, 0, 1]>]
      heads %h of %heads ins(%q, %q, %q : !seq, !seq, !seq) outs(%q, %l : !seq, !lse) -> !seq, !lse
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_key_offset(%q: !seq, %l: !lse, %x: index) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with an offset}}
  %0:2 = longnet.attend [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>]
      key_offset %x ins(%q, %q, %q : !seq, !seq, !seq) outs(%q, %l : !seq, !lse) -> !seq, !lse
  return
}

// -----

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>
func.func @torchscale_moves_rows(%q: !seq, %l: !lse) {
  // expected-error @below {{branch #longnet.branch<segment = 9, dilation = 2, heads = blocked, padding = torchscale> moves result rows off their query rows; keep it in pieces}}
  %0:2 = longnet.attend [<segment = 9, dilation = 2, heads = blocked, padding = torchscale>]
      ins(%q, %q, %q : !seq, !seq, !seq) outs(%q, %l : !seq, !lse) -> !seq, !lse
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lengths(%q: !seq, %l: !lse, %lengths: tensor<2xindex>) {
  // expected-error @below {{expects one batch size, got 1 in query and 2 in kv_lengths}}
  %0:2 = longnet.attend [<segment = 4, dilation = 1>] ins(%q, %q, %q : !seq, !seq, !seq)
      kv_lengths(%lengths : tensor<2xindex>) outs(%q, %l : !seq, !lse) -> !seq, !lse
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @positions_alone(%m: !mat, %r: !row, %at: memref<4xindex>) {
  // expected-error @below {{expects key positions and query limits together}}
  "longnet.attend_tile"(%m, %m, %m, %at, %m, %r, %r) <{
      scale = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 1, 1, 1>}>
      : (!mat, !mat, !mat, memref<4xindex>, !mat, !row, !row) -> ()
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @masked_alone(%m: !mat, %r: !row, %masked: i1) {
  // expected-error @below {{expects key positions and query limits to mask by}}
  longnet.attend_tile scale = 1.0 ins(%m, %m, %m : !mat, !mat, !mat) if %masked outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_scale(%m: !mat, %r: !row) {
  // expected-error @below {{expects a positive scale}}
  longnet.attend_tile scale = 0.0 ins(%m, %m, %m : !mat, !mat, !mat) outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_element_types(%m: !mat, %r: !row, %k: memref<4x4xf16>) {
  // expected-error @below {{expects one element type, got 'f32' in query and 'f16' in key}}
  longnet.attend_tile scale = 1.0 ins(%m, %k, %k : !mat, memref<4x4xf16>, memref<4x4xf16>)
      outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf64>
func.func @tile_state_type(%m: !mat, %r: !row) {
  // expected-error @below {{expects a state of 'f32'}}
  longnet.attend_tile scale = 1.0 ins(%m, %m, %m : !mat, !mat, !mat) outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_queries(%m: !mat, %r: !row, %q: memref<4x5xf32>) {
  // expected-error @below {{expects one number of queries, got 5 in query and 4 in acc}}
  longnet.attend_tile scale = 1.0 ins(%q, %m, %m : memref<4x5xf32>, !mat, !mat) outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_keys(%m: !mat, %r: !row, %at: memref<5xindex>, %limits: memref<4xindex>) {
  // expected-error @below {{expects one number of keys, got 4 in key and 5 in key_positions}}
  longnet.attend_tile scale = 1.0 ins(%m, %m, %m : !mat, !mat, !mat)
      visible(%at, %limits : memref<5xindex>, memref<4xindex>) outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_head_dimension(%m: !mat, %r: !row, %k: memref<4x5xf32>) {
  // expected-error @below {{expects one head dimension, got 4 in query and 5 in key}}
  longnet.attend_tile scale = 1.0 ins(%m, %k, %m : !mat, memref<4x5xf32>, !mat) outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_value_dimension(%m: !mat, %r: !row, %v: memref<4x5xf32>) {
  // expected-error @below {{expects one value dimension, got 5 in value and 4 in acc}}
  longnet.attend_tile scale = 1.0 ins(%m, %m, %v : !mat, !mat, memref<4x5xf32>) outs(%m, %r, %r : !mat, !row, !row)
  return
}

// -----

func.func @odd_pairs(%q: memref<2x4x2xbf16>, %k: memref<5x4xbf16>, %v: memref<4x5xbf16>, %acc: memref<4x4xf32>, %r: memref<4xf32>) {
  // expected-error @below {{expects an even number of keys with pairs, got 5}}
  longnet.attend_tile scale = 1.0 ins(%q, %k, %v : memref<2x4x2xbf16>, memref<5x4xbf16>, memref<4x5xbf16>)
      outs(%acc, %r, %r : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @dynamic_pairs(%q: memref<2x4x2xbf16>, %k: memref<?x4xbf16>, %v: memref<4x?xbf16>, %acc: memref<4x4xf32>, %r: memref<4xf32>) {
  // expected-error @below {{expects buffers of static sizes with pairs, got 'memref<?x4xbf16>'}}
  longnet.attend_tile scale = 1.0 ins(%q, %k, %v : memref<2x4x2xbf16>, memref<?x4xbf16>, memref<4x?xbf16>)
      outs(%acc, %r, %r : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @strip_scale(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects a positive scale}}
  longnet.attend_strip scale = 0.0 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_range(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects a scale in the range of 'f32', got 1.000000e-60}}
  longnet.attend_strip scale = 1.0e-60 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_gaps(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16, strided<[16384, 4096, 2048, 64, 1]>>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects contiguous buffers of static sizes but for the first one, got 'memref<?x4x2x32x32xbf16, strided<[16384, 4096, 2048, 64, 1]>>'}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16, strided<[16384, 4096, 2048, 64, 1]>>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_dynamic(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x?x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects contiguous buffers of static sizes but for the first one, got 'memref<?x2x?x32x32xbf16>'}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x?x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_pairs(%q: memref<?x32x32x4xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects pairs of 2 elements, got 'memref<?x32x32x4xbf16>'}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x4xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_blocks(%q: memref<4x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<3x32xf32>) {
  // expected-error @below {{expects one number of blocks}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<4x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<3x32xf32>)
  return
}

// -----

func.func @strip_tiles(%q: memref<?x32x32x2xbf16>, %k: memref<4x4x2x32x32xbf16>, %v: memref<3x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects one number of tiles}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<4x4x2x32x32xbf16>, memref<3x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_dim(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x1x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects one head dimension}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x1x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_value(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x1x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects one value dimension}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x1x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_queries(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x16xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects one number of queries}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x16xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_keys(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x2x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects one number of keys}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x2x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @strip_width(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x4x32x16xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  // expected-error @below {{expects blocks of 32 rows of 64 bytes, got 'memref<?x4x4x32x16xbf16>'}}
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x4x32x16xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// -----

func.func @bound_dim(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x1x32x32xbf16>, %max: memref<?x32xf32>) {
  // expected-error @below {{expects one head dimension}}
  %bound = longnet.score_bound %q, %k, %max : memref<?x32x32x2xbf16>, memref<?x4x1x32x32xbf16>, memref<?x32xf32>
  return
}

// -----

func.func @bound_queries(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %max: memref<?x16xf32>) {
  // expected-error @below {{expects one number of queries}}
  %bound = longnet.score_bound %q, %k, %max : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x16xf32>
  return
}

// -----

func.func @parts_number(%q: memref<8x4x2xbf16>, %k: memref<4x16xbf16>, %v: memref<4x16xbf16>, %acc: memref<4x4xf32>, %row: memref<4xf32>) {
  // expected-error @below {{expects 1, 2 or 3 parts, got 4}}
  longnet.attend_tile scale = 1.0 parts = 4 ins(%q, %k, %v : memref<8x4x2xbf16>, memref<4x16xbf16>, memref<4x16xbf16>)
      outs(%acc, %row, %row : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @parts_alone(%q: memref<4x4xbf16>, %k: memref<4x8xbf16>, %v: memref<4x8xbf16>, %acc: memref<4x4xf32>, %row: memref<4xf32>) {
  // expected-error @below {{expects operands in pairs to be parts of others}}
  longnet.attend_tile scale = 1.0 parts = 2 ins(%q, %k, %v : memref<4x4xbf16>, memref<4x8xbf16>, memref<4x8xbf16>)
      outs(%acc, %row, %row : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @parts_whole(%q: memref<6x4x2xbf16>, %k: memref<4x13xbf16>, %v: memref<4x12xbf16>, %acc: memref<4x4xf32>, %row: memref<4xf32>) {
  // expected-error @below {{expects operands of 3 parts}}
  longnet.attend_tile scale = 1.0 parts = 3 ins(%q, %k, %v : memref<6x4x2xbf16>, memref<4x13xbf16>, memref<4x12xbf16>)
      outs(%acc, %row, %row : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @parts_keys(%q: memref<4x4x2xbf16>, %k: memref<4x8xbf16>, %v: memref<4x12xbf16>, %acc: memref<4x4xf32>, %row: memref<4xf32>) {
  // expected-error @below {{expects one number of keys, got 4 in key and 6 in value}}
  longnet.attend_tile scale = 1.0 parts = 2 ins(%q, %k, %v : memref<4x4x2xbf16>, memref<4x8xbf16>, memref<4x12xbf16>)
      outs(%acc, %row, %row : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @parts_cut_pairs(%q: memref<3x4x2xbf16>, %k: memref<4x6xbf16>, %v: memref<4x8xbf16>, %acc: memref<4x4xf32>, %row: memref<4xf32>) {
  // expected-error @below {{expects operands of 2 parts}}
  longnet.attend_tile scale = 1.0 parts = 2 ins(%q, %k, %v : memref<3x4x2xbf16>, memref<4x6xbf16>, memref<4x8xbf16>)
      outs(%acc, %row, %row : memref<4x4xf32>, memref<4xf32>, memref<4xf32>)
  return
}
