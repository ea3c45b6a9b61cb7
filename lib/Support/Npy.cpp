//===- Npy.cpp - NumPy's array files -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Npy.h"
#include "NpyHeader.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace longnet;
namespace fs = llvm::sys::fs;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "data is copied as it stands in the file");

/// Far above what any legal header needs; keeps a damaged length from
/// allocating gigabytes.
static constexpr size_t maxHeaderLength = 1 << 16;

/// Reads until `target` is full or the file ends; returns the bytes read.
static Expected<size_t> readAt(fs::file_t file, uint64_t offset,
                               MutableArrayRef<char> target) {
  size_t done = 0;
  while (done < target.size()) {
    Expected<size_t> count =
        fs::readNativeFileSlice(file, target.drop_front(done), offset + done);
    if (!count)
      return count.takeError();
    if (*count == 0)
      break;
    done += *count;
  }
  return done;
}

/// The length of the dictionary and where it starts, from the first bytes.
static Expected<std::pair<size_t, size_t>> parsePrefix(StringRef prefix) {
  if (!prefix.starts_with(npyMagic.take_front(prefix.size())))
    return createStringError("not a .npy file: the magic string is missing");
  StringRef version = prefix.drop_front(std::min(prefix.size(), size_t(6)));
  size_t lengthSize = version.starts_with(StringRef("\x01\x00", 2)) ? 2 : 4;
  if (version.size() >= 2 &&
      (version[0] < 1 || version[0] > 3 || version[1] != 0))
    return createStringError(
        "unsupported version %u.%u of the .npy format (supported: 1.0 to 3.0)",
        static_cast<uint8_t>(version[0]), static_cast<uint8_t>(version[1]));
  if (version.size() < 2 + lengthSize)
    return createStringError("truncated header: the file ends after " +
                             Twine(prefix.size()) + " bytes");
  const char *length = version.data() + 2;
  return std::pair<size_t, size_t>(lengthSize == 2
                                       ? support::endian::read16le(length)
                                       : support::endian::read32le(length),
                                   npyMagic.size() + 2 + lengthSize);
}

/// Reads the header and sets `dataOffset` to where the data starts.
static Expected<NpyHeader> readHeader(fs::file_t file, uint64_t &dataOffset) {
  char prefix[12];
  Expected<size_t> prefixSize = readAt(file, 0, prefix);
  if (!prefixSize)
    return prefixSize.takeError();
  auto lengthAndStart = parsePrefix(StringRef(prefix, *prefixSize));
  if (!lengthAndStart)
    return lengthAndStart.takeError();
  auto [length, start] = *lengthAndStart;
  if (length > maxHeaderLength)
    return createStringError("malformed header: its length is " +
                             Twine(length) + " bytes");
  std::string dictionary(length, '\0');
  Expected<size_t> read = readAt(file, start, {dictionary.data(), length});
  if (!read)
    return read.takeError();
  if (*read < length)
    return createStringError("truncated header: expected " + Twine(length) +
                             " bytes, found " + Twine(*read));
  dataOffset = start + length;
  return parseNpyHeader(dictionary);
}

template <typename T>
static void copyToRowMajor(const Array &source, Array &target) {
  ArrayRef<int64_t> shape = source.getShape();
  size_t rank = shape.size();
  SmallVector<int64_t> index(rank), strides(rank);
  int64_t stride = 1;
  for (size_t dim = 0; dim < rank; stride *= shape[dim++])
    strides[dim] = stride;

  ArrayRef<T> elements = source.getElements<T>();
  int64_t offset = 0;
  for (T &result : target.getElements<T>()) {
    result = elements[offset];
    // To the next index in C order: the last dimension that is not at its end
    // advances, those behind it start over.
    for (size_t dim = rank; dim-- > 0;) {
      offset += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      offset -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
}

/// Reorders an array that was read from Fortran order.
static Expected<Array> toRowMajor(Array source, uint64_t maxBytes) {
  Expected<Array> target =
      Array::create(source.getElementType(), source.getShape(), maxBytes);
  if (!target)
    return target;
  switch (getElementSize(source.getElementType())) {
  case 1:
    copyToRowMajor<uint8_t>(source, *target);
    break;
  case 2:
    copyToRowMajor<uint16_t>(source, *target);
    break;
  case 4:
    copyToRowMajor<uint32_t>(source, *target);
    break;
  default:
    copyToRowMajor<uint64_t>(source, *target);
  }
  return target;
}

static Expected<Array> readArray(StringRef path, uint64_t maxBytes) {
  fs::file_status status;
  if (std::error_code error = fs::status(path, status))
    return errorCodeToError(error);
  // Opening a pipe would wait for its other end.
  if (status.type() != fs::file_type::regular_file)
    return createStringError("not a regular file");
  Expected<fs::file_t> file = fs::openNativeFileForRead(path);
  if (!file)
    return file.takeError();
  // Nothing is lost when closing a file that was only read fails.
  llvm::scope_exit close([&] { (void)fs::closeFile(*file); });

  uint64_t dataOffset;
  Expected<NpyHeader> header = readHeader(*file, dataOffset);
  if (!header)
    return header.takeError();
  Expected<size_t> expected = getArraySize(header->type, header->shape);
  if (!expected)
    return expected.takeError();
  auto checkSize = [&](uint64_t found) -> Error {
    if (found == *expected)
      return Error::success();
    return createStringError("expected " + Twine(*expected) +
                             " bytes of data for " +
                             formatArrayType(header->type, header->shape) +
                             ", found " + Twine(found));
  };
  if (Error error = checkSize(status.getSize() - dataOffset))
    return std::move(error);

  Expected<Array> array = Array::create(header->type, header->shape, maxBytes);
  if (!array)
    return array;
  Expected<size_t> read =
      readAt(*file, dataOffset,
             {static_cast<char *>(array->getData()), array->getSizeInBytes()});
  if (!read)
    return read.takeError();
  if (Error error = checkSize(*read))
    return std::move(error);
  if (header->fortranOrder && header->shape.size() > 1)
    return toRowMajor(std::move(*array), maxBytes - *expected);
  return array;
}

Expected<Array> longnet::readNpy(StringRef path, uint64_t maxBytes) {
  Expected<Array> array = readArray(path, maxBytes);
  if (!array)
    return createFileError(path, array.takeError());
  return array;
}

static Error writeArray(StringRef path, const Array &array) {
  Expected<std::string> header =
      formatNpyHeader(array.getElementType(), array.getShape());
  if (!header)
    return header.takeError();
  // Renaming onto a device would replace it.
  if (fs::exists(path) && !fs::is_regular_file(path))
    return createStringError("not a regular file");
  Expected<fs::TempFile> temporary = fs::TempFile::create(path + ".tmp-%%%%%%");
  if (!temporary)
    return temporary.takeError();
  raw_fd_ostream stream(temporary->FD, /*shouldClose=*/false);
  stream << *header;
  stream.write(static_cast<const char *>(array.getData()),
               array.getSizeInBytes());
  stream.flush();
  if (std::error_code error = stream.error()) {
    stream.clear_error();
    return joinErrors(errorCodeToError(error), temporary->discard());
  }
  return temporary->keep(path);
}

Error longnet::writeNpy(StringRef path, const Array &array) {
  if (Error error = writeArray(path, array))
    return createFileError(path, std::move(error));
  return Error::success();
}
