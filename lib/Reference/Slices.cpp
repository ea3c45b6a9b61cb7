//===- Slices.cpp - Reading and writing slices -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnose.h"
#include "Evaluate.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace llvm;
using mlir::Operation;

namespace longnet {

/// The last index of `size` indices from `offset`, if it can be represented.
static std::optional<int64_t> getLast(int64_t offset, int64_t size,
                                      int64_t stride) {
  return checkedMulAdd(size - 1, stride, offset);
}

/// A slice within a tensor of shape `shape`.
static Error checkSlice(Operation *op, ArrayRef<int64_t> shape,
                        const Slice &slice) {
  for (auto [dim, extent] : enumerate(shape)) {
    int64_t offset = slice.offsets[dim], size = slice.sizes[dim];
    if (size < 0)
      return makeOpError(op, "expects a size of at least 0 in dimension ", dim,
                         ", got ", size);
    std::optional<int64_t> last = offset;
    if (size > 0)
      last = getLast(offset, size, slice.strides[dim]);
    // An empty slice may stand at the end.
    int64_t limit = size > 0 ? extent - 1 : extent;
    if (offset < 0 || offset > limit || !last || *last < 0 || *last > limit)
      return makeOpError(op, "slice of offset ", offset, ", size ", size,
                         " and stride ", slice.strides[dim],
                         " exceeds dimension ", dim, " of size ", extent);
  }
  return Error::success();
}

static SmallVector<int64_t> getSliceShape(const Slice &slice) {
  SmallVector<int64_t> shape;
  for (auto [dim, size] : enumerate(slice.sizes))
    if (!slice.dropped.test(dim))
      shape.push_back(size);
  return shape;
}

/// Calls `visit` with the index in a tensor of shape `shape` of every element
/// of `slice`, in order.
template <typename Fn>
static void forEachElement(ArrayRef<int64_t> shape, const Slice &slice,
                           Fn &&visit) {
  if (is_contained(slice.sizes, 0))
    return;
  size_t rank = shape.size();
  // How far a step in each dimension of the slice is in the tensor.
  SmallVector<int64_t> steps(rank), index(rank, 0);
  int64_t pitch = 1, at = 0;
  for (size_t dim = rank; dim-- > 0;) {
    steps[dim] = slice.sizes[dim] > 1 ? slice.strides[dim] * pitch : 0;
    at += slice.offsets[dim] * pitch;
    pitch *= shape[dim];
  }
  bool done = false;
  while (!done) {
    visit(at);
    // The last dimension is the fastest; one that is through starts again.
    done = true;
    for (size_t dim = rank; done && dim-- > 0;) {
      at += steps[dim];
      done = ++index[dim] == slice.sizes[dim];
      if (done) {
        at -= steps[dim] * slice.sizes[dim];
        index[dim] = 0;
      }
    }
  }
}

Expected<RuntimeTensor> extractSlice(Operation *op, const RuntimeTensor &source,
                                     const Slice &slice) {
  if (Error error = checkSlice(op, source.getShape(), slice))
    return std::move(error);
  Expected<RuntimeTensor> result = addPrefix(
      op, RuntimeTensor::create(source.getElementType(), getSliceShape(slice)));
  if (!result)
    return result;
  auto copy = [&](auto from, auto to) {
    size_t next = 0;
    forEachElement(source.getShape(), slice,
                   [&](int64_t at) { to[next++] = from[at]; });
  };
  if (source.isFloat())
    copy(source.getFloats(), result->getMutableFloats());
  else
    copy(source.getInts(), result->getMutableInts());
  return result;
}

Error insertSlice(Operation *op, const RuntimeTensor &source,
                  RuntimeTensor &destination, const Slice &slice) {
  if (Error error = checkSlice(op, destination.getShape(), slice))
    return error;
  SmallVector<int64_t> shape = getSliceShape(slice);
  if (source.getShape() != ArrayRef(shape))
    return makeOpError(op, "expects a source of the sizes of the slice, ",
                       formatType(destination.withShape(shape)), ", got ",
                       formatType(source));
  auto copy = [&](auto from, auto to) {
    size_t next = 0;
    forEachElement(destination.getShape(), slice,
                   [&](int64_t at) { to[at] = from[next++]; });
  };
  if (source.isFloat())
    copy(source.getFloats(), destination.getMutableFloats());
  else
    copy(source.getInts(), destination.getMutableInts());
  return Error::success();
}

} // namespace longnet
