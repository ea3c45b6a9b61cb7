// RUN: longnet-opt %s --convert-longnet-pieces-to-linalg --split-input-file | FileCheck %s --enable-var-scope

// Positions first; then rows, each copied or zeroed, in parallel over batch,
// head and segment.

// CHECK-DAG: #[[$BEGIN:.*]] = affine_map<()[s0] -> (s0 * 4, 0)>
// CHECK-DAG: #[[$END:.*]] = affine_map<()[s0] -> (s0 * 4 + 4, 10)>
// CHECK-LABEL: func @segment(
// CHECK-SAME:      %[[SOURCE:.*]]: tensor<2x5x10x8xf32>)
// CHECK:         %[[AT:.*]] = scf.forall (%[[G:.*]]) in (3) shared_outs(%{{.*}}) -> (tensor<3x4xindex>)
// CHECK:           %[[FIRST:.*]] = affine.max #[[$BEGIN]]()[%[[G]]]
// CHECK:           %[[LAST:.*]] = affine.min #[[$END]]()[%[[G]]]
// CHECK:           linalg.generic
// CHECK:             %[[X:.*]] = linalg.index 0
// CHECK:             %[[P:.*]] = arith.addi %[[FIRST]], %[[X]]
// CHECK:             %[[HELD:.*]] = arith.cmpi slt, %[[P]], %[[LAST]]
// CHECK:             %[[ABSENT:.*]] = arith.constant -1 : index
// CHECK:             arith.select %[[HELD]], %[[P]], %[[ABSENT]]
// CHECK:           tensor.parallel_insert_slice
// CHECK:         %[[ROWS:.*]] = scf.forall (%[[B:.*]], %[[H:.*]], %[[G:.*]]) in (2, 5, 3) shared_outs(%[[OUT:.*]] = %{{.*}})
// CHECK:           %[[OWN:.*]] = tensor.extract_slice %[[OUT]][%[[B]], %[[H]], %[[G]], 0, 0] [1, 1, 1, 4, 8]
// CHECK:           %[[DONE:.*]] = scf.for %[[X:.*]] = %{{.*}} iter_args(%[[ACC:.*]] = %[[OWN]]) -> (tensor<4x8xf32>)
// CHECK:             %[[P:.*]] = tensor.extract %[[AT]][%[[G]], %[[X]]]
// CHECK:             %[[ABSENT:.*]] = arith.constant -1 : index
// CHECK:             %[[PRESENT:.*]] = arith.cmpi ne, %[[P]], %[[ABSENT]]
// CHECK:             scf.if %[[PRESENT]]
// CHECK:               %[[ROW:.*]] = tensor.extract_slice %[[SOURCE]][%[[B]], %[[H]], %[[P]], 0] [1, 1, 1, 8] {{.*}} to tensor<8xf32>
// CHECK:               tensor.insert_slice %[[ROW]] into %[[ACC]][%[[X]], 0] [1, 8]
// CHECK:             else
// CHECK:               %[[OLD:.*]] = tensor.extract_slice %[[ACC]][%[[X]], 0] [1, 8]
// CHECK:               %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[OLD]]
// CHECK:               tensor.insert_slice %[[ZERO]] into %[[ACC]][%[[X]], 0] [1, 8]
// CHECK:           scf.forall.in_parallel
// CHECK:             tensor.parallel_insert_slice %[[DONE]] into %[[OUT]][%[[B]], %[[H]], %[[G]], 0, 0]
// CHECK:         return %[[ROWS]], %[[AT]]
func.func @segment(%source: tensor<2x5x10x8xf32>)
    -> (tensor<2x5x3x4x8xf32>, tensor<3x4xindex>) {
  %rows, %at = longnet.segment %source by 4
      : (tensor<2x5x10x8xf32>) -> (tensor<2x5x3x4x8xf32>), tensor<3x4xindex>
  return %rows, %at : tensor<2x5x3x4x8xf32>, tensor<3x4xindex>
}

// -----

// The grid's first column is read only where it has one: a query without rows
// can hold a segment. Sources share positions, which count from the origin.

// CHECK-DAG: #[[$INDEX:.*]] = affine_map<()[s0] -> (s0 floordiv 4)>
// CHECK-DAG: #[[$DIFFERENCE:.*]] = affine_map<()[s0, s1] -> (s0 - s1)>
// CHECK-LABEL: func @segment_on_grid(
// CHECK-SAME:      %[[KEY:.*]]: tensor<?x?x?x8xf32>, %[[VALUE:.*]]: tensor<?x?x?x?xbf16>,
// CHECK-SAME:      %[[ORIGIN:.*]]: index, %[[GRID:.*]]: tensor<?x?xindex>)
// CHECK:         scf.forall (%[[G:.*]]) in
// CHECK:           %[[COLUMNS:.*]] = tensor.dim %[[GRID]]
// CHECK:           %[[ANY:.*]] = arith.cmpi slt, %{{.*}}, %[[COLUMNS]]
// CHECK:           %[[POSITION:.*]] = scf.if %[[ANY]] -> (index)
// CHECK:             tensor.extract %[[GRID]][%[[G]], %{{.*}}]
// CHECK:           else
// CHECK:             arith.constant -1 : index
// CHECK:           affine.apply #[[$INDEX]]()[%[[POSITION]]]
// CHECK:         scf.forall (%[[B:.*]], %[[H:.*]], %[[G:.*]]) in
// CHECK:           %[[P:.*]] = tensor.extract %
// CHECK:           %[[ROW:.*]] = affine.apply #[[$DIFFERENCE]]()[%[[P]], %[[ORIGIN]]]
// CHECK:           tensor.extract_slice %[[KEY]][%[[B]], %[[H]], %[[ROW]], 0]
// CHECK:         scf.forall
// CHECK:           tensor.extract_slice %[[VALUE]]
// CHECK:           linalg.fill ins(%{{.*}} : bf16)
// CHECK-NOT:     scf.forall (
func.func @segment_on_grid(%key: tensor<?x?x?x8xf32>,
                           %value: tensor<?x?x?x?xbf16>, %origin: index,
                           %grid: tensor<?x?xindex>)
    -> (tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x?xbf16>, tensor<?x?xindex>) {
  %rows:2, %at = longnet.segment %key, %value by 4 origin %origin
      grid %grid : tensor<?x?xindex>
      : (tensor<?x?x?x8xf32>, tensor<?x?x?x?xbf16>)
     -> (tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x?xbf16>), tensor<?x?xindex>
  return %rows#0, %rows#1, %at
      : tensor<?x?x?x?x8xf32>, tensor<?x?x?x?x?xbf16>, tensor<?x?xindex>
}

// -----

// Four heads read two; rows of a phase are absent past the segment's end.

// CHECK-DAG: #[[$HEAD:.*]] = affine_map<()[s0] -> (s0 floordiv 2)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<()[s0, s1, s2] -> (s0 * 3 + s1 - s2 {{.*}} floordiv 3)
// CHECK-LABEL: func @sparsify(
// CHECK-SAME:      %[[SOURCE:.*]]: tensor<1x2x?x8x16xf32>, %[[AT:.*]]: tensor<?x8xindex>)
// CHECK:         %[[ROWS:.*]] = scf.forall (%[[B:.*]], %[[H:.*]], %[[G:.*]]) in (1, 4, %{{.*}})
// CHECK:           %[[HEAD:.*]] = affine.apply #[[$HEAD]]()[%[[H]]]
// CHECK:           %[[START:.*]] = tensor.extract %[[AT]][%[[G]], %{{.*}}]
// CHECK:           scf.for %[[M:.*]] = %{{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<3x16xf32>)
// CHECK:             %[[X:.*]] = affine.apply #[[$ROW]]()[%[[M]], %[[H]], %[[START]]]
// CHECK:             %[[W:.*]] = arith.constant 8 : index
// CHECK:             %[[INSIDE:.*]] = arith.cmpi slt, %[[X]], %[[W]]
// CHECK:             %[[POSITION:.*]] = scf.if %[[INSIDE]] -> (index)
// CHECK:               tensor.extract %[[AT]][%[[G]], %[[X]]]
// CHECK:             else
// CHECK:               arith.constant -1 : index
// CHECK:             %[[PRESENT:.*]] = arith.cmpi ne, %[[POSITION]]
// CHECK:             scf.if %[[PRESENT]]
// CHECK:               %[[ROW:.*]] = tensor.extract_slice %[[SOURCE]][%[[B]], %[[HEAD]], %[[G]], %[[X]], 0] [1, 1, 1, 1, 16]
// CHECK:               tensor.insert_slice %[[ROW]] into %[[ACC]][%[[M]], 0]
// CHECK:             else
// CHECK:               linalg.fill
// CHECK:         %[[POSITIONS:.*]] = scf.forall (%[[H:.*]], %[[G:.*]]) in (4, %{{.*}})
// CHECK:           linalg.generic
// CHECK:             %[[M:.*]] = linalg.index 0
// CHECK:             scf.if
// CHECK:               tensor.extract %[[AT]][%[[G]], %{{.*}}]
// CHECK:         return %[[ROWS]], %[[POSITIONS]]
func.func @sparsify(%source: tensor<1x2x?x8x16xf32>, %at: tensor<?x8xindex>)
    -> (tensor<1x4x?x3x16xf32>, tensor<4x?x3xindex>) {
  %heads = arith.constant 4 : index
  %rows, %positions = longnet.sparsify <segment = 8, dilation = 3> %source
      at %at heads %heads
      : (tensor<1x2x?x8x16xf32>), tensor<?x8xindex>
     -> (tensor<1x4x?x3x16xf32>), tensor<4x?x3xindex>
  return %rows, %positions : tensor<1x4x?x3x16xf32>, tensor<4x?x3xindex>
}

// -----

// Rows that are absent from the source get a position, too, which follows from
// the segment's index alone.

// CHECK-DAG: #[[$PHASE:.*]] = affine_map<()[s0, s1] -> (s0 floordiv ({{.*}} ceildiv 3))>
// CHECK-DAG: #[[$INDEX:.*]] = affine_map<()[s0] -> (s0 floordiv 8)>
// CHECK-LABEL: func @sparsify_torchscale(
// CHECK-SAME:      %{{.*}}: tensor<?x?x?x?x16xf32>, %[[AT:.*]]: tensor<?x?xindex>)
// CHECK:         scf.forall (%{{.*}}, %{{.*}}, %{{.*}}) in
// CHECK:           tensor.parallel_insert_slice
// CHECK:         scf.forall (%[[H:.*]], %[[G:.*]]) in
// CHECK:           affine.apply #[[$PHASE]]()[%[[H]], %{{.*}}]
// CHECK:           %[[START:.*]] = scf.if
// CHECK:           %[[PRESENT:.*]] = arith.cmpi ne, %[[START]]
// CHECK:           %[[INDEX:.*]] = affine.apply #[[$INDEX]]()[%[[START]]]
// CHECK:           arith.select %[[PRESENT]], %[[INDEX]], %[[G]]
// CHECK:           linalg.generic
// CHECK-NOT:         tensor.extract
// CHECK:             linalg.yield
func.func @sparsify_torchscale(%source: tensor<?x?x?x?x16xf32>,
                               %at: tensor<?x?xindex>)
    -> (tensor<?x?x?x?x16xf32>, tensor<?x?x?xindex>) {
  %rows, %positions = longnet.sparsify
      <segment = 8, dilation = 3, heads = blocked, padding = torchscale>
      %source at %at
      : (tensor<?x?x?x?x16xf32>), tensor<?x?xindex>
     -> (tensor<?x?x?x?x16xf32>), tensor<?x?x?xindex>
  return %rows, %positions : tensor<?x?x?x?x16xf32>, tensor<?x?x?xindex>
}

// -----

// CHECK-LABEL: func @sparsify_listed(
// CHECK:         scf.forall (%{{.*}}, %[[H:.*]], %{{.*}}) in
// CHECK:           %[[PHASE:.*]] = arith.constant 2 : index
// CHECK:           %[[IS_ONE:.*]] = arith.cmpi eq, %[[H]]
// CHECK:           arith.select %[[IS_ONE]], %{{.*}}, %[[PHASE]]
func.func @sparsify_listed(%source: tensor<1x2x1x8x16xf32>,
                           %at: tensor<1x8xindex>)
    -> (tensor<1x2x1x3x16xf32>, tensor<2x1x3xindex>) {
  %rows, %positions = longnet.sparsify
      <segment = 8, dilation = 3, heads = [2, 0]> %source at %at
      : (tensor<1x2x1x8x16xf32>), tensor<1x8xindex>
     -> (tensor<1x2x1x3x16xf32>), tensor<2x1x3xindex>
  return %rows, %positions : tensor<1x2x1x3x16xf32>, tensor<2x1x3xindex>
}

// -----

// Rows go in order of (g, m) within a head, so that the last one stays.

// CHECK-LABEL: func @scatter(
// CHECK-SAME:      %[[ROWS:.*]]: tensor<2x3x?x4x8xf16>, %[[LSES:.*]]: tensor<2x3x?x4xf32>,
// CHECK-SAME:      %[[POSITIONS:.*]]: tensor<3x?x4xindex>, %[[LENGTH:.*]]: index)
// CHECK:         %[[RESULT:.*]]:2 = scf.forall (%[[B:.*]], %[[H:.*]]) in (2, 3) shared_outs(%[[OUT:.*]] = %{{.*}}, %[[LSE:.*]] = %{{.*}})
// CHECK:           %[[OUT0:.*]] = tensor.extract_slice %[[OUT]][%[[B]], %[[H]], 0, 0] [1, 1, %[[LENGTH]], 8]
// CHECK:           %[[LSE0:.*]] = tensor.extract_slice %[[LSE]][%[[B]], %[[H]], 0] [1, 1, %[[LENGTH]]]
// CHECK:           %[[ZERO:.*]] = arith.constant 0.000000e+00 : f16
// CHECK:           %[[OUT1:.*]] = linalg.fill ins(%[[ZERO]] : f16) outs(%[[OUT0]]
// CHECK:           %[[NEGATIVE:.*]] = arith.constant 0xFF800000 : f32
// CHECK:           %[[LSE1:.*]] = linalg.fill ins(%[[NEGATIVE]] : f32) outs(%[[LSE0]]
// CHECK:           scf.for %[[G:.*]] = {{.*}} iter_args(%[[OUT2:.*]] = %[[OUT1]], %[[LSE2:.*]] = %[[LSE1]])
// CHECK:             scf.for %[[M:.*]] = {{.*}} iter_args(%[[OUT3:.*]] = %[[OUT2]], %[[LSE3:.*]] = %[[LSE2]])
// CHECK:               %[[P:.*]] = tensor.extract %[[POSITIONS]][%[[H]], %[[G]], %[[M]]]
// CHECK:               %[[INSIDE:.*]] = arith.cmpi ult, %[[P]], %[[LENGTH]]
// CHECK:               %[[PRESENT:.*]] = arith.cmpi ne, %[[P]]
// CHECK:               %[[KEPT:.*]] = arith.andi %[[PRESENT]], %[[INSIDE]]
// CHECK:               scf.if %[[KEPT]]
// CHECK:                 %[[ROW:.*]] = tensor.extract_slice %[[ROWS]][%[[B]], %[[H]], %[[G]], %[[M]], 0] [1, 1, 1, 1, 8]
// CHECK:                 %[[ROW_LSE:.*]] = tensor.extract %[[LSES]][%[[B]], %[[H]], %[[G]], %[[M]]]
// CHECK:                 tensor.insert_slice %[[ROW]] into %[[OUT3]][%[[P]], 0] [1, 8]
// CHECK:                 tensor.insert %[[ROW_LSE]] into %[[LSE3]][%[[P]]]
// CHECK:               else
// CHECK:                 scf.yield %[[OUT3]], %[[LSE3]]
// CHECK:         return %[[RESULT]]#0, %[[RESULT]]#1
func.func @scatter(%rows: tensor<2x3x?x4x8xf16>, %lses: tensor<2x3x?x4xf32>,
                   %positions: tensor<3x?x4xindex>, %length: index)
    -> (tensor<2x3x?x8xf16>, tensor<2x3x?xf32>) {
  %out, %lse = longnet.scatter %rows, %lses at %positions into %length
      : (tensor<2x3x?x4x8xf16>, tensor<2x3x?x4xf32>), tensor<3x?x4xindex>
     -> (tensor<2x3x?x8xf16>, tensor<2x3x?xf32>)
  return %out, %lse : tensor<2x3x?x8xf16>, tensor<2x3x?xf32>
}

// -----

// CHECK-DAG: #[[$DIFFERENCE:.*]] = affine_map<()[s0, s1] -> (s0 - s1)>
// CHECK-LABEL: func @scatter_shared_positions(
// CHECK-SAME:      %[[POSITIONS:[^:]*]]: tensor<?x?xindex>, %[[ORIGIN:[^:]*]]: index)
// CHECK:         %[[P:.*]] = tensor.extract %[[POSITIONS]][%{{.*}}, %{{.*}}]
// CHECK:         %[[ROW:.*]] = affine.apply #[[$DIFFERENCE]]()[%[[P]], %[[ORIGIN]]]
// CHECK:         %[[LENGTH:.*]] = arith.constant 9 : index
// CHECK:         arith.cmpi ult, %[[ROW]], %[[LENGTH]]
// CHECK:         arith.cmpi ne, %[[P]]
// CHECK:         tensor.insert_slice %{{.*}} into %{{.*}}[%[[ROW]], 0]
func.func @scatter_shared_positions(%rows: tensor<?x?x?x?x?xf64>,
                                    %lses: tensor<?x?x?x?xf64>,
                                    %positions: tensor<?x?xindex>,
                                    %origin: index)
    -> (tensor<?x?x9x?xf64>, tensor<?x?x9xf64>) {
  %length = arith.constant 9 : index
  %out, %lse = longnet.scatter %rows, %lses at %positions into %length
      origin %origin
      : (tensor<?x?x?x?x?xf64>, tensor<?x?x?x?xf64>), tensor<?x?xindex>
     -> (tensor<?x?x9x?xf64>, tensor<?x?x9xf64>)
  return %out, %lse : tensor<?x?x9x?xf64>, tensor<?x?x9xf64>
}

// -----

// One exponential an operand and row. A row that nothing covers shifts by 0 and
// divides by 1. Only the sum is rounded.

// CHECK-LABEL: func @combine(
// CHECK-SAME:      %[[A:.*]]: tensor<?x2x?x64xf32>, %[[B:.*]]: tensor<?x2x?x64xf32>,
// CHECK-SAME:      %[[LA:.*]]: tensor<?x2x?xf32>, %[[LB:.*]]: tensor<?x2x?xf32>)
// CHECK:         %[[RESULT:.*]]:2 = scf.forall (%[[I:.*]], %[[J:.*]], %[[N:.*]]) in (%{{.*}}, 2, %{{.*}})
// CHECK-DAG:       %[[LSE_A:.*]] = tensor.extract %[[LA]][%[[I]], %[[J]], %[[N]]]
// CHECK-DAG:       %[[LSE_B:.*]] = tensor.extract %[[LB]][%[[I]], %[[J]], %[[N]]]
// CHECK-DAG:       %[[ROW_A:.*]] = tensor.extract_slice %[[A]][%[[I]], %[[J]], %[[N]], 0]
// CHECK-DAG:       %[[ROW_B:.*]] = tensor.extract_slice %[[B]][%[[I]], %[[J]], %[[N]], 0]
// CHECK:           %[[MAX:.*]] = arith.maximumf %[[LSE_A]], %[[LSE_B]]
// CHECK:           %[[UNCOVERED:.*]] = arith.cmpf oeq, %[[MAX]]
// CHECK:           %[[SHIFT:.*]] = arith.select %[[UNCOVERED]], %{{.*}}, %[[MAX]]
// CHECK:           %[[SHIFTED_A:.*]] = arith.subf %[[LSE_A]], %[[SHIFT]]
// CHECK:           %[[EXP_A:.*]] = math.exp %[[SHIFTED_A]]
// CHECK:           %[[SHIFTED_B:.*]] = arith.subf %[[LSE_B]], %[[SHIFT]]
// CHECK:           %[[EXP_B:.*]] = math.exp %[[SHIFTED_B]]
// CHECK:           %[[SUM:.*]] = arith.addf %[[EXP_A]], %[[EXP_B]]
// CHECK:           %[[LOG:.*]] = math.log %[[SUM]]
// CHECK:           %[[LSE:.*]] = arith.addf %[[SHIFT]], %[[LOG]]
// CHECK:           %[[ONE:.*]] = arith.constant 1.0
// CHECK:           %[[DIVISOR:.*]] = arith.select %[[UNCOVERED]], %[[ONE]], %[[SUM]]
// CHECK:           %[[WEIGHT_A:.*]] = arith.divf %[[EXP_A]], %[[DIVISOR]]
// CHECK:           %[[WEIGHT_B:.*]] = arith.divf %[[EXP_B]], %[[DIVISOR]]
// CHECK:           linalg.generic {{.*}} ins(%[[WEIGHT_A]], %[[WEIGHT_B]], %[[ROW_A]], %[[ROW_B]] : f32, f32, tensor<64xf32>, tensor<64xf32>) outs(%{{.*}} : tensor<64xbf16>)
// CHECK-NEXT:      ^bb0(%[[WA:[^:]*]]: f32, %[[WB:[^:]*]]: f32, %[[XA:[^:]*]]: f32, %[[XB:[^:]*]]: f32, %{{.*}}: bf16):
// CHECK-DAG:         %[[PRODUCT_A:.*]] = arith.mulf %[[WA]], %[[XA]] : f32
// CHECK-DAG:         %[[PRODUCT_B:.*]] = arith.mulf %[[WB]], %[[XB]] : f32
// CHECK:             %[[TOTAL:.*]] = arith.addf %[[PRODUCT_A]], %[[PRODUCT_B]] : f32
// CHECK:             arith.truncf %[[TOTAL]] : f32 to bf16
// CHECK:           tensor.insert %[[LSE]] into %{{.*}}[] : tensor<f32>
// CHECK:         return %[[RESULT]]#0, %[[RESULT]]#1
func.func @combine(%a: tensor<?x2x?x64xf32>, %b: tensor<?x2x?x64xf32>,
                   %la: tensor<?x2x?xf32>, %lb: tensor<?x2x?xf32>)
    -> (tensor<?x2x?x64xbf16>, tensor<?x2x?xf32>) {
  %out, %lse = longnet.combine(%a, %b), (%la, %lb)
      : (tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>),
        (tensor<?x2x?xf32>, tensor<?x2x?xf32>)
     -> (tensor<?x2x?x64xbf16>, tensor<?x2x?xf32>)
  return %out, %lse : tensor<?x2x?x64xbf16>, tensor<?x2x?xf32>
}

// -----

// Any number of operands, and no conversion where none is needed.

// CHECK-LABEL: func @combine_three(
// CHECK-COUNT-2: arith.maximumf
// CHECK-COUNT-3: math.exp
// CHECK-COUNT-3: arith.divf
// CHECK:         linalg.generic
// CHECK-COUNT-3:   arith.mulf
// CHECK-NOT:       arith.truncf
// CHECK:           linalg.yield
func.func @combine_three(%a: tensor<1x2x4x8xf64>, %la: tensor<1x2x4xf64>)
    -> (tensor<1x2x4x8xf64>, tensor<1x2x4xf64>) {
  %out, %lse = longnet.combine(%a, %a, %a), (%la, %la, %la)
      : (tensor<1x2x4x8xf64>, tensor<1x2x4x8xf64>, tensor<1x2x4x8xf64>),
        (tensor<1x2x4xf64>, tensor<1x2x4xf64>, tensor<1x2x4xf64>)
     -> (tensor<1x2x4x8xf64>, tensor<1x2x4xf64>)
  return %out, %lse : tensor<1x2x4x8xf64>, tensor<1x2x4xf64>
}

// -----

// No slice of an empty tensor is in bounds, not even in a loop that never runs.

// CHECK-LABEL: func @empty(
// CHECK-NOT:     tensor.extract_slice
// CHECK-NOT:     tensor.insert_slice
// CHECK-NOT:     tensor.parallel_insert_slice %{{.*}} into {{.*}} : tensor<{{.*}}f32>
// CHECK:         return
func.func @empty(%source: tensor<0x0x0x8xf32>)
    -> (tensor<?x0x0x0x8xf32>, tensor<0x0x0xindex>) {
  %rows, %at = longnet.segment %source by 4
      : (tensor<0x0x0x8xf32>) -> (tensor<0x0x0x0x8xf32>), tensor<0x0xindex>
  %kept, %positions = longnet.sparsify
      <segment = 4, dilation = 2, heads = blocked> %rows at %at
      : (tensor<0x0x0x0x8xf32>), tensor<0x0xindex>
     -> (tensor<?x0x0x0x8xf32>), tensor<0x0x0xindex>
  return %kept, %positions : tensor<?x0x0x0x8xf32>, tensor<0x0x0xindex>
}

// -----

// Results may be typed less precisely than they are, and more precisely than
// the operands say.

// CHECK-LABEL: func @types(
// CHECK:         %[[ROWS:.*]] = scf.forall {{.*}} -> (tensor<1x2x?x4x8xf32>)
// CHECK:         %[[CAST:.*]] = tensor.cast %[[ROWS]] : tensor<1x2x?x4x8xf32> to tensor<?x2x?x4x?xf32>
// CHECK:         return %[[CAST]]
func.func @types(%source: tensor<1x?x?x8xf32>)
    -> (tensor<?x2x?x4x?xf32>, tensor<?x4xindex>) {
  %rows, %at = longnet.segment %source by 4
      : (tensor<1x?x?x8xf32>) -> (tensor<?x2x?x4x?xf32>), tensor<?x4xindex>
  return %rows, %at : tensor<?x2x?x4x?xf32>, tensor<?x4xindex>
}

// -----

// Attention stays.

// CHECK-LABEL: func @attention(
// CHECK:         longnet.attention
func.func @attention(%q: tensor<1x2x3x4x8xf32>, %at: tensor<3x4xindex>,
                     %out: tensor<1x2x3x4x8xf32>, %lse: tensor<1x2x3x4xf32>)
    -> (tensor<1x2x3x4x8xf32>, tensor<1x2x3x4xf32>) {
  %o, %l = longnet.attention
      ins(%q, %q, %q : tensor<1x2x3x4x8xf32>, tensor<1x2x3x4x8xf32>,
                       tensor<1x2x3x4x8xf32>)
      at(%at, %at : tensor<3x4xindex>, tensor<3x4xindex>)
      outs(%out, %lse : tensor<1x2x3x4x8xf32>, tensor<1x2x3x4xf32>)
      -> tensor<1x2x3x4x8xf32>, tensor<1x2x3x4xf32>
  return %o, %l : tensor<1x2x3x4x8xf32>, tensor<1x2x3x4xf32>
}
