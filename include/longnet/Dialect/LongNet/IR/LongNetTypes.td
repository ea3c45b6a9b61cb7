//===- LongNetTypes.td - Type constraints ------------------*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_DIALECT_LONGNET_IR_LONGNETTYPES_TD
#define LONGNET_DIALECT_LONGNET_IR_LONGNETTYPES_TD

include "mlir/IR/CommonTypeConstraints.td"

/// Element types of sequences. Statistics and running states are f32, and f64
/// for f64 sequences: the accumulation type.
defvar StorageTypes = [F16, BF16, F32, F64];
defvar AccumulationTypes = [F32, F64];

def LongNet_Sequence : TensorRankOf<StorageTypes, [4]>;        // [B, H, N, D]
def LongNet_SequenceLse : TensorRankOf<AccumulationTypes, [3]>; // [B, H, N]
def LongNet_Segments : TensorRankOf<StorageTypes, [5]>;        // [B, H, G, M, D]
def LongNet_SegmentsLse : TensorRankOf<AccumulationTypes, [4]>; // [B, H, G, M]
def LongNet_GridPositions : TensorRankOf<[Index], [2]>;        // [G, M]
def LongNet_HeadPositions : TensorRankOf<[Index], [3]>;        // [H, G, M]
def LongNet_Positions : TensorRankOf<[Index], [2, 3]>;         // either
def LongNet_Lengths : TensorRankOf<[Index], [1]>;              // [B]

// Destination-style operations take tensors, or buffers once bufferized.
class LongNet_Shaped<list<Type> elements, list<int> ranks>
    : AnyTypeOf<[TensorRankOf<elements, ranks>, MemRefRankOf<elements, ranks>]>;

def LongNet_AnySequence : LongNet_Shaped<StorageTypes, [4]>;
def LongNet_AnySequenceLse : LongNet_Shaped<AccumulationTypes, [3]>;
def LongNet_AnySegments : LongNet_Shaped<StorageTypes, [5]>;
def LongNet_AnySegmentsLse : LongNet_Shaped<AccumulationTypes, [4]>;
def LongNet_AnyPositions : LongNet_Shaped<[Index], [2, 3]>;
def LongNet_AnyLengths : LongNet_Shaped<[Index], [1]>;
def LongNet_Tile : LongNet_Shaped<StorageTypes, [2]>;
def LongNet_PairTile : LongNet_Shaped<StorageTypes, [2, 3]>;
def LongNet_TileState : LongNet_Shaped<AccumulationTypes, [2]>;
def LongNet_TileRows : LongNet_Shaped<AccumulationTypes, [1]>;
def LongNet_TilePositions : LongNet_Shaped<[Index], [1]>;

#endif // LONGNET_DIALECT_LONGNET_IR_LONGNETTYPES_TD
