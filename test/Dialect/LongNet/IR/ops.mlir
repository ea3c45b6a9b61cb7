// RUN: longnet-opt %s -verify-roundtrip | FileCheck %s -enable-var-scope
// RUN: longnet-opt %s -mlir-print-op-generic | longnet-opt | FileCheck %s -enable-var-scope

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>
!segments = tensor<1x4x?x?x8xf32>
!segments_lse = tensor<1x4x?x?xf32>
!half = tensor<?x?x?x8xf16>
!tile = tensor<64x16xf32>

// A parameter that has its default is not printed.
//
// CHECK-LABEL: func @branches
// CHECK-SAME: #longnet.branch<segment = 8, dilation = 1>
// CHECK-SAME: #longnet.branch<segment = 8, dilation = 2>
// CHECK-SAME: #longnet.branch<segment = 8, dilation = 2, heads = blocked>
// CHECK-SAME: #longnet.branch<segment = 8, dilation = 3, heads = none>
// CHECK-SAME: #longnet.branch<segment = 8, dilation = 3, heads = [0, 2]>
// CHECK-SAME: #longnet.branch<segment = 8, dilation = 2, heads = blocked, padding = torchscale>
// CHECK-SAME: #longnet<pattern[<segment = 8, dilation = 1>, <segment = 16, dilation = 2>]>
func.func @branches() attributes {test.attributes = [
    #longnet.branch<dilation = 1, segment = 8>,
    #longnet.branch<segment = 8, dilation = 2, heads = cyclic, padding = mask>,
    #longnet.branch<segment = 8, dilation = 2, heads = blocked>,
    #longnet.branch<segment = 8, dilation = 3, heads = none>,
    #longnet.branch<segment = 8, dilation = 3, heads = [0, 2]>,
    #longnet.branch<padding = torchscale, heads = blocked, segment = 8, dilation = 2>,
    #longnet<pattern[<segment = 8, dilation = 1>, <segment = 16, dilation = 2>]>]} {
  return
}

// CHECK-LABEL: func @dilated_attention
// CHECK: longnet.dilated_attention %{{.*}}, %{{.*}}, %{{.*}} branches = [<segment = 8, dilation = 1>] : (
// CHECK: longnet.dilated_attention %{{.*}}, %{{.*}}, %{{.*}} query_offset %{{.*}} kv_lengths %{{.*}} : tensor<1xindex> branches = [<segment = 8, dilation = 1>, <segment = 16, dilation = 2, heads = [0, 1, 1, 0]>] causal scale = 5.000000e-01 {test.kept} : (
func.func @dilated_attention(%q: !seq, %k: tensor<1x2x?x8xf32>, %offset: index,
                             %lengths: tensor<1xindex>) {
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 8, dilation = 1>]
      : (!seq, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> (!seq, !lse)
  %1:2 = longnet.dilated_attention %q, %k, %k
      query_offset %offset kv_lengths %lengths : tensor<1xindex>
      branches = [<segment = 8, dilation = 1>, <segment = 16, dilation = 2, heads = [0, 1, 1, 0]>]
      causal scale = 0.5 {test.kept}
      : (!seq, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>) -> (!seq, !lse)
  return
}

// CHECK-LABEL: func @dilated_attention_grad
// CHECK: longnet.dilated_attention_grad %{{.*}}, %{{.*}}, %{{.*}} results(%{{.*}}, %{{.*}} : tensor<1x4x?x8xf32>, tensor<1x4x?xf32>) gradient(%{{.*}} : tensor<1x4x?x8xf32>) branches = [<segment = 8, dilation = 1>] : tensor<1x4x?x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>
// CHECK: longnet.dilated_attention_grad %{{.*}}, %{{.*}}, %{{.*}} results({{.*}}) gradient({{.*}}) lse_gradient(%{{.*}} : tensor<1x4x?xf32>) query_offset %{{.*}} kv_lengths %{{.*}} : tensor<1xindex> branches = [<segment = 8, dilation = 1>, <segment = 16, dilation = 2, heads = [0, 1, 1, 0]>] causal detached scale = 5.000000e-01 {test.kept} : tensor
// CHECK: longnet.dilated_attention_grad %{{.*}} results({{.*}} : tensor<?x?x?x3xf32>, tensor<?x?x?xf32>) gradient({{.*}} : tensor<?x?x?x3xf32>) branches = [<segment = 8, dilation = 2, heads = blocked, padding = torchscale>] : tensor<?x?x?x8xf16>, tensor<?x?x?x8xf16>, tensor<?x?x?x3xf16>
func.func @dilated_attention_grad(%q: !seq, %k: tensor<1x2x?x8xf32>, %l: !lse, %offset: index, %lengths: tensor<1xindex>,
                                  %half: !half, %v: tensor<?x?x?x3xf16>, %o: tensor<?x?x?x3xf32>, %ol: tensor<?x?x?xf32>) {
  %0:3 = longnet.dilated_attention_grad %q, %k, %k results(%q, %l : !seq, !lse) gradient(%q : !seq)
      branches = [<segment = 8, dilation = 1>] : !seq, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>
  %1:3 = longnet.dilated_attention_grad %q, %k, %k results(%q, %l : !seq, !lse) gradient(%q : !seq)
      lse_gradient(%l : !lse) query_offset %offset kv_lengths %lengths : tensor<1xindex>
      branches = [<segment = 8, dilation = 1>, <segment = 16, dilation = 2, heads = [0, 1, 1, 0]>]
      causal detached scale = 0.5 {test.kept} : !seq, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>
  %2:3 = longnet.dilated_attention_grad %half, %half, %v
      results(%o, %ol : tensor<?x?x?x3xf32>, tensor<?x?x?xf32>) gradient(%o : tensor<?x?x?x3xf32>)
      branches = [<segment = 8, dilation = 2, heads = blocked, padding = torchscale>]
      : !half, !half, tensor<?x?x?x3xf16>
  return
}

// CHECK-LABEL: func @element_types
// CHECK: (tensor<?x?x?x8xf16>, tensor<?x?x?x8xf16>, tensor<?x?x?x3xf16>) -> (tensor<?x?x?x3xf16>, tensor<?x?x?xf32>)
// CHECK: (tensor<1x2x0x8xf64>, tensor<1x2x1x8xf64>, tensor<1x2x1x8xf64>) -> (tensor<1x2x0x8xf64>, tensor<1x2x0xf64>)
func.func @element_types(%q: !half, %v: tensor<?x?x?x3xf16>,
                         %q64: tensor<1x2x0x8xf64>, %k64: tensor<1x2x1x8xf64>) {
  %0:2 = longnet.dilated_attention %q, %q, %v branches = [<segment = 8, dilation = 9>]
      : (!half, !half, tensor<?x?x?x3xf16>) -> (tensor<?x?x?x3xf16>, tensor<?x?x?xf32>)
  %1:2 = longnet.dilated_attention %q64, %k64, %k64 branches = [<segment = 8, dilation = 1>]
      : (tensor<1x2x0x8xf64>, tensor<1x2x1x8xf64>, tensor<1x2x1x8xf64>)
     -> (tensor<1x2x0x8xf64>, tensor<1x2x0xf64>)
  return
}

// CHECK-LABEL: func @segment
// CHECK: longnet.segment %{{.*}}, %{{.*}} by 8 : (
// CHECK: %[[ROWS:.*]], %[[AT:.*]] = longnet.segment %{{.*}} by 8 origin %{{.*}} : (
// CHECK: longnet.segment %{{.*}} by 8 origin %{{.*}} grid %[[AT]] : tensor<?x?xindex> {test.kept} : (
func.func @segment(%q: !seq, %k: tensor<?x2x?x3xf32>, %origin: index) {
  %0:3 = longnet.segment %q, %k by 8 : (!seq, tensor<?x2x?x3xf32>)
      -> (!segments, tensor<?x2x?x?x3xf32>), tensor<?x?xindex>
  %1:2 = longnet.segment %q by 8 origin %origin : (!seq) -> (!segments), tensor<?x?xindex>
  %2:2 = longnet.segment %q by 8 origin %origin grid %1#1 : tensor<?x?xindex> {test.kept}
      : (!seq) -> (!segments), tensor<?x?xindex>
  return
}

// CHECK-LABEL: func @sparsify
// CHECK: longnet.sparsify <segment = 8, dilation = 2> %{{.*}} at %{{.*}} : (
// CHECK: longnet.sparsify <segment = 8, dilation = 2, heads = blocked, padding = torchscale> %{{.*}}, %{{.*}} at %{{.*}} heads %{{.*}} {test.kept} : (
func.func @sparsify(%rows: !segments, %shared: tensor<1x4x?x?x8xf32>,
                    %at: tensor<?x?xindex>, %heads: index) {
  %0:2 = longnet.sparsify <segment = 8, dilation = 2> %rows at %at
      : (!segments), tensor<?x?xindex> -> (!segments), tensor<4x?x?xindex>
  %1:3 = longnet.sparsify <segment = 8, dilation = 2, heads = blocked, padding = torchscale>
      %rows, %shared at %at heads %heads {test.kept}
      : (!segments, tensor<1x4x?x?x8xf32>), tensor<?x?xindex>
     -> (tensor<1x?x?x?x8xf32>, tensor<1x?x?x?x8xf32>), tensor<?x?x?xindex>
  return
}

// CHECK-LABEL: func @attention_tensors
// CHECK: longnet.attention ins({{.*}}) at({{.*}} : tensor<4x?x?xindex>, tensor<?x?xindex>) outs({{.*}}) -> tensor<1x4x?x?x8xf32>, tensor<1x4x?x?xf32>
// CHECK: longnet.attention causal scale = 2.500000e-01 {test.kept} ins({{.*}}) at({{.*}}) kv_lengths({{.*}} : tensor<1xindex>) outs(
func.func @attention_tensors(%rows: !segments, %p: tensor<4x?x?xindex>,
                             %at: tensor<?x?xindex>, %lengths: tensor<1xindex>,
                             %out: !segments, %lse: !segments_lse) {
  %0:2 = longnet.attention ins(%rows, %rows, %rows : !segments, !segments, !segments)
      at(%p, %at : tensor<4x?x?xindex>, tensor<?x?xindex>)
      outs(%out, %lse : !segments, !segments_lse) -> !segments, !segments_lse
  %1:2 = longnet.attention causal scale = 0.25 {test.kept}
      ins(%rows, %rows, %rows : !segments, !segments, !segments)
      at(%p, %p : tensor<4x?x?xindex>, tensor<4x?x?xindex>)
      kv_lengths(%lengths : tensor<1xindex>)
      outs(%out, %lse : !segments, !segments_lse) -> !segments, !segments_lse
  return
}

// CHECK-LABEL: func @attention_buffers
// CHECK: longnet.attention ins({{.*}}) at({{.*}}) kv_lengths({{.*}} : memref<1xindex>) outs({{.*}} : memref<1x4x?x?x8xf32>, memref<1x4x?x?xf32>)
func.func @attention_buffers(%rows: memref<1x4x?x?x8xbf16>, %p: memref<4x?x?xindex>,
                             %lengths: memref<1xindex>, %out: memref<1x4x?x?x8xf32>,
                             %lse: memref<1x4x?x?xf32>) {
  longnet.attention ins(%rows, %rows, %rows : memref<1x4x?x?x8xbf16>,
                        memref<1x4x?x?x8xbf16>, memref<1x4x?x?x8xbf16>)
      at(%p, %p : memref<4x?x?xindex>, memref<4x?x?xindex>)
      kv_lengths(%lengths : memref<1xindex>)
      outs(%out, %lse : memref<1x4x?x?x8xf32>, memref<1x4x?x?xf32>)
  return
}

// CHECK-LABEL: func @scatter
// CHECK: longnet.scatter %{{.*}}, %{{.*}} at %{{.*}} into %{{.*}} : ({{.*}}), tensor<4x?x?xindex> ->
// CHECK: longnet.scatter %{{.*}}, %{{.*}} at %{{.*}} into %{{.*}} origin %{{.*}} {test.kept} : ({{.*}}), tensor<?x?xindex> ->
func.func @scatter(%rows: !segments, %lse: !segments_lse, %p: tensor<4x?x?xindex>,
                   %at: tensor<?x?xindex>, %length: index) {
  %0:2 = longnet.scatter %rows, %lse at %p into %length
      : (!segments, !segments_lse), tensor<4x?x?xindex> -> (!seq, !lse)
  %1:2 = longnet.scatter %rows, %lse at %at into %length origin %length {test.kept}
      : (!segments, !segments_lse), tensor<?x?xindex> -> (!seq, !lse)
  return
}

// CHECK-LABEL: func @combine
// CHECK: longnet.combine(%{{.*}}), (%{{.*}}) : (tensor<1x4x?x8xf32>), (tensor<1x4x?xf32>) -> (tensor<1x4x?x8xbf16>, tensor<1x4x?xf32>)
// CHECK: longnet.combine(%{{.*}}, %{{.*}}), (%{{.*}}, %{{.*}}) {test.kept} : (
func.func @combine(%a: !seq, %la: !lse) {
  %0:2 = longnet.combine(%a), (%la) : (!seq), (!lse) -> (tensor<1x4x?x8xbf16>, !lse)
  %1:2 = longnet.combine(%a, %a), (%la, %la) {test.kept} : (!seq, !seq), (!lse, !lse) -> (!seq, !lse)
  return
}

// CHECK-LABEL: func @attend_tensors
// CHECK: longnet.attend [<segment = 8, dilation = 1>, <segment = 16, dilation = 2>] ins({{.*}}) outs({{.*}}) -> tensor<1x4x?x8xf32>, tensor<1x4x?xf32>
// CHECK: longnet.attend [<segment = 8, dilation = 2, heads = [0, 1, 1]>] accumulate causal scale = 2.500000e-01 query_offset %{{.*}} key_offset %{{.*}} heads %{{.*}} of %{{.*}} {test.kept} ins({{.*}}) kv_lengths({{.*}} : tensor<1xindex>) outs(
func.func @attend_tensors(%q: !seq, %o: !seq, %l: !lse, %lengths: tensor<1xindex>, %x: index) {
  %0:2 = longnet.attend [<segment = 8, dilation = 1>, <segment = 16, dilation = 2>]
      ins(%q, %q, %q : !seq, !seq, !seq) outs(%o, %l : !seq, !lse) -> !seq, !lse
  %1:2 = longnet.attend [<segment = 8, dilation = 2, heads = [0, 1, 1]>] accumulate causal
      scale = 0.25 query_offset %x key_offset %x heads %x of %x {test.kept}
      ins(%q, %q, %q : !seq, !seq, !seq) kv_lengths(%lengths : tensor<1xindex>)
      outs(%0#0, %0#1 : !seq, !lse) -> !seq, !lse
  return
}

// CHECK-LABEL: func @attend_buffers
// CHECK: longnet.attend [<segment = 8, dilation = 3, heads = blocked, padding = torchscale>] ins({{.*}}) outs({{.*}} : memref<1x4x8x8xf32>, memref<1x4x8xf32>)
// CHECK: longnet.attend [<segment = 8, dilation = 1>] accumulate ins({{.*}}) kv_lengths({{.*}} : memref<1xindex>) outs(
func.func @attend_buffers(%q: memref<1x4x8x8xbf16>, %lengths: memref<1xindex>,
                          %o: memref<1x4x8x8xf32>, %l: memref<1x4x8xf32>) {
  longnet.attend [<segment = 8, dilation = 3, heads = blocked, padding = torchscale>]
      ins(%q, %q, %q : memref<1x4x8x8xbf16>, memref<1x4x8x8xbf16>, memref<1x4x8x8xbf16>)
      outs(%o, %l : memref<1x4x8x8xf32>, memref<1x4x8xf32>)
  longnet.attend [<segment = 8, dilation = 1>] accumulate
      ins(%q, %q, %q : memref<1x4x8x8xbf16>, memref<1x4x8x8xbf16>, memref<1x4x8x8xbf16>)
      kv_lengths(%lengths : memref<1xindex>)
      outs(%o, %l : memref<1x4x8x8xf32>, memref<1x4x8xf32>)
  return
}

// CHECK-LABEL: func @attend_tile_tensors
// CHECK: longnet.attend_tile scale = 1.250000e-01 ins({{.*}}) outs({{.*}}) -> tensor<64x16xf32>, tensor<16xf32>, tensor<16xf32>
// CHECK: longnet.attend_tile scale = 1.250000e-01 {test.kept} ins({{.*}}) visible({{.*}} : tensor<?xindex>, tensor<16xindex>) outs(
func.func @attend_tile_tensors(%q: !tile, %k: tensor<?x64xf32>, %acc: !tile, %max: tensor<16xf32>,
                               %at: tensor<?xindex>, %limits: tensor<16xindex>) {
  %0:3 = longnet.attend_tile scale = 0.125 ins(%q, %k, %k : !tile, tensor<?x64xf32>, tensor<?x64xf32>)
      outs(%acc, %max, %max : !tile, tensor<16xf32>, tensor<16xf32>)
      -> !tile, tensor<16xf32>, tensor<16xf32>
  %1:3 = longnet.attend_tile scale = 0.125 {test.kept} ins(%q, %k, %k : !tile, tensor<?x64xf32>, tensor<?x64xf32>)
      visible(%at, %limits : tensor<?xindex>, tensor<16xindex>)
      outs(%acc, %max, %max : !tile, tensor<16xf32>, tensor<16xf32>)
      -> !tile, tensor<16xf32>, tensor<16xf32>
  return
}

// CHECK-LABEL: func @attend_tile_buffers
// CHECK: longnet.attend_tile scale = 1.250000e-01 ins({{.*}}) visible({{.*}} : memref<8xindex>, memref<16xindex>) if %{{.*}} outs({{.*}} : memref<64x16xf32>, memref<16xf32>, memref<16xf32>)
func.func @attend_tile_buffers(%q: memref<64x16xf16>, %k: memref<8x64xf16, strided<[?, 1], offset: ?>>,
                               %at: memref<8xindex>, %limits: memref<16xindex>, %masked: i1,
                               %acc: memref<64x16xf32>, %max: memref<16xf32>, %sum: memref<16xf32>) {
  longnet.attend_tile scale = 0.125 ins(%q, %k, %k : memref<64x16xf16>, memref<8x64xf16, strided<[?, 1], offset: ?>>,
                          memref<8x64xf16, strided<[?, 1], offset: ?>>)
      visible(%at, %limits : memref<8xindex>, memref<16xindex>) if %masked
      outs(%acc, %max, %sum : memref<64x16xf32>, memref<16xf32>, memref<16xf32>)
  return
}

// CHECK-LABEL: func @attend_tile_parts
// CHECK: longnet.attend_tile scale = 1.250000e-01 parts = 3 ins(
func.func @attend_tile_parts(%q: memref<48x16x2xbf16>, %k: memref<8x96xbf16>, %v: memref<32x24xbf16>,
                             %acc: memref<32x16xf32>, %row: memref<16xf32>) {
  longnet.attend_tile scale = 0.125 parts = 3 ins(%q, %k, %v : memref<48x16x2xbf16>, memref<8x96xbf16>, memref<32x24xbf16>)
      outs(%acc, %row, %row : memref<32x16xf32>, memref<16xf32>, memref<16xf32>)
  return
}

// CHECK-LABEL: func @attend_grad_tensors
// CHECK: longnet.attend_grad <segment = 8, dilation = 1> ins({{.*}}) outs({{.*}}) -> tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>
// CHECK: longnet.attend_grad <segment = 8, dilation = 2, heads = [0, 1, 1]> causal scale = 2.500000e-01 query_offset %{{.*}} key_offset %{{.*}} heads %{{.*}} of %{{.*}} {test.kept} ins({{.*}}) kv_lengths({{.*}} : tensor<1xindex>) outs(
func.func @attend_grad_tensors(%q: !seq, %l: !lse, %lengths: tensor<1xindex>, %x: index) {
  %0:3 = longnet.attend_grad <segment = 8, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  %1:3 = longnet.attend_grad <segment = 8, dilation = 2, heads = [0, 1, 1]> causal
      scale = 0.25 query_offset %x key_offset %x heads %x of %x {test.kept}
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq) kv_lengths(%lengths : tensor<1xindex>)
      outs(%0#0, %0#1, %0#2 : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// CHECK-LABEL: func @attend_grad_buffers
// CHECK: longnet.attend_grad <segment = 8, dilation = 3, heads = blocked, padding = torchscale> ins({{.*}} : memref<1x4x8x8xbf16>, memref<1x2x8x8xbf16>, memref<1x2x8x3xbf16>, memref<1x4x8xf32>, memref<1x4x8xf32>, memref<1x4x8x3xbf16>) outs({{.*}} : memref<1x4x8x8xf32>, memref<1x2x8x8xbf16>, memref<1x2x8x3xf32>)
// CHECK: longnet.attend_grad <segment = 8, dilation = 1> ins({{.*}}) kv_lengths({{.*}} : memref<1xindex>) outs(
func.func @attend_grad_buffers(%q: memref<1x4x8x8xbf16>, %k: memref<1x2x8x8xbf16>, %v: memref<1x2x8x3xbf16>,
                               %l: memref<1x4x8xf32>, %do: memref<1x4x8x3xbf16>, %lengths: memref<1xindex>,
                               %dq: memref<1x4x8x8xf32>, %dk: memref<1x2x8x8xbf16>, %dv: memref<1x2x8x3xf32>) {
  longnet.attend_grad <segment = 8, dilation = 3, heads = blocked, padding = torchscale>
      ins(%q, %k, %v, %l, %l, %do : memref<1x4x8x8xbf16>, memref<1x2x8x8xbf16>, memref<1x2x8x3xbf16>,
          memref<1x4x8xf32>, memref<1x4x8xf32>, memref<1x4x8x3xbf16>)
      outs(%dq, %dk, %dv : memref<1x4x8x8xf32>, memref<1x2x8x8xbf16>, memref<1x2x8x3xf32>)
  longnet.attend_grad <segment = 8, dilation = 1>
      ins(%q, %k, %v, %l, %l, %do : memref<1x4x8x8xbf16>, memref<1x2x8x8xbf16>, memref<1x2x8x3xbf16>,
          memref<1x4x8xf32>, memref<1x4x8xf32>, memref<1x4x8x3xbf16>)
      kv_lengths(%lengths : memref<1xindex>)
      outs(%dq, %dk, %dv : memref<1x4x8x8xf32>, memref<1x2x8x8xbf16>, memref<1x2x8x3xf32>)
  return
}

// CHECK-LABEL: func @attend_grad_tile_tensors
// CHECK: longnet.attend_grad_tile scale = 1.250000e-01 ins({{.*}}) outs({{.*}}) -> tensor<64x16xf32>, tensor<?x64xf32>, tensor<?x64xf32>
// CHECK: longnet.attend_grad_tile scale = 1.250000e-01 {test.kept} ins({{.*}}) visible({{.*}} : tensor<?xindex>, tensor<16xindex>) outs(
func.func @attend_grad_tile_tensors(%q: !tile, %rows: tensor<16x64xf32>, %k: tensor<?x64xf32>, %l: tensor<16xf32>,
                                    %at: tensor<?xindex>, %limits: tensor<16xindex>) {
  %0:3 = longnet.attend_grad_tile scale = 0.125
      ins(%q, %rows, %k, %k, %q, %rows, %l, %l : !tile, tensor<16x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>,
          !tile, tensor<16x64xf32>, tensor<16xf32>, tensor<16xf32>)
      outs(%q, %k, %k : !tile, tensor<?x64xf32>, tensor<?x64xf32>)
      -> !tile, tensor<?x64xf32>, tensor<?x64xf32>
  %1:3 = longnet.attend_grad_tile scale = 0.125 {test.kept}
      ins(%q, %rows, %k, %k, %q, %rows, %l, %l : !tile, tensor<16x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>,
          !tile, tensor<16x64xf32>, tensor<16xf32>, tensor<16xf32>)
      visible(%at, %limits : tensor<?xindex>, tensor<16xindex>)
      outs(%0#0, %0#1, %0#2 : !tile, tensor<?x64xf32>, tensor<?x64xf32>)
      -> !tile, tensor<?x64xf32>, tensor<?x64xf32>
  return
}

// CHECK-LABEL: func @attend_grad_tile_buffers
// CHECK: longnet.attend_grad_tile scale = 1.250000e-01 ins({{.*}}) visible({{.*}} : memref<8xindex>, memref<16xindex>) outs({{.*}} : memref<64x16xf32>, memref<8x64xf32>, memref<8x32xf32>)
func.func @attend_grad_tile_buffers(%q: memref<64x16xf16>, %qr: memref<16x64xf16>, %k: memref<8x64xf16, strided<[?, 1], offset: ?>>,
                                    %v: memref<8x32xf16>, %do: memref<32x16xf16>, %dor: memref<16x32xf16>, %l: memref<16xf32>,
                                    %at: memref<8xindex>, %limits: memref<16xindex>,
                                    %dq: memref<64x16xf32>, %dk: memref<8x64xf32>, %dv: memref<8x32xf32>) {
  longnet.attend_grad_tile scale = 0.125
      ins(%q, %qr, %k, %v, %do, %dor, %l, %l : memref<64x16xf16>, memref<16x64xf16>,
          memref<8x64xf16, strided<[?, 1], offset: ?>>, memref<8x32xf16>, memref<32x16xf16>, memref<16x32xf16>,
          memref<16xf32>, memref<16xf32>)
      visible(%at, %limits : memref<8xindex>, memref<16xindex>)
      outs(%dq, %dk, %dv : memref<64x16xf32>, memref<8x64xf32>, memref<8x32xf32>)
  return
}

// CHECK-LABEL: func @tiles_in_pairs
// CHECK: longnet.attend_tile scale = 1.250000e-01 ins({{.*}} : memref<4x16x2xbf16>, memref<4x8xbf16>, memref<6x4xbf16>) outs(
// CHECK: longnet.attend_grad_tile scale = 1.250000e-01 ins({{.*}}) key_columns({{.*}} : memref<8x4xbf16>) visible({{.*}} : memref<4xindex>, memref<16xindex>) outs(
func.func @tiles_in_pairs(%q: memref<4x16x2xbf16>, %qr: memref<8x8x2xbf16>, %k: memref<4x8xbf16>, %kc: memref<8x4xbf16>,
                          %vc: memref<6x4xbf16>, %v: memref<4x6xbf16>, %do: memref<3x16x2xbf16>, %dor: memref<8x6x2xbf16>,
                          %r: memref<16xf32>, %acc: memref<6x16xf32>, %dq: memref<8x16xf32>, %dk: memref<4x8xf32>,
                          %dv: memref<4x6xf32>, %at: memref<4xindex>, %limits: memref<16xindex>) {
  longnet.attend_tile scale = 0.125 ins(%q, %k, %vc : memref<4x16x2xbf16>, memref<4x8xbf16>, memref<6x4xbf16>)
      outs(%acc, %r, %r : memref<6x16xf32>, memref<16xf32>, memref<16xf32>)
  longnet.attend_grad_tile scale = 0.125
      ins(%q, %qr, %k, %v, %do, %dor, %r, %r : memref<4x16x2xbf16>, memref<8x8x2xbf16>, memref<4x8xbf16>, memref<4x6xbf16>,
          memref<3x16x2xbf16>, memref<8x6x2xbf16>, memref<16xf32>, memref<16xf32>)
      key_columns(%kc : memref<8x4xbf16>)
      visible(%at, %limits : memref<4xindex>, memref<16xindex>)
      outs(%dq, %dk, %dv : memref<8x16xf32>, memref<4x8xf32>, memref<4x6xf32>)
  return
}

// CHECK-LABEL: func @strips
// CHECK: longnet.score_bound %{{.*}}, %{{.*}}, %{{.*}} : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x32xf32>
// CHECK: longnet.attend_strip scale = 1.250000e-01 visible = %{{.*}} of %{{.*}} {test.kept} ins({{.*}}) outs({{.*}} : memref<?x64x32xf32>, memref<?x32xf32>)
func.func @strips(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                  %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  %bound = longnet.score_bound %q, %k, %sum : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x32xf32>
  longnet.attend_strip scale = 0.125 visible = %visible of %visible {test.kept}
      ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// CHECK-LABEL: func @gradient_strips
// CHECK: longnet.attend_grad_strip scale = 1.250000e-01 visible = %{{.*}} of %{{.*}} {test.kept} ins({{.*}}) outs({{.*}}) scratch(%{{.*}} : memref<8x4096xbf16>)
func.func @gradient_strips(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>,
                           %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>,
                           %visible: index, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>,
                           %slopes: memref<8x4096xbf16>) {
  longnet.attend_grad_strip scale = 0.125 visible = %visible of %visible {test.kept}
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %row : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>,
          memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>)
      scratch(%slopes : memref<8x4096xbf16>)
  return
}
