//===- NpyTest.cpp - Reading and writing .npy files -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Support/Npy.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <csignal>
#include <numeric>
#include <sys/resource.h>

using namespace llvm;
using namespace longnet;
namespace fs = llvm::sys::fs;

namespace {

/// A test in an empty directory of its own.
class NpyTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(fs::createUniqueDirectory("npy-test", directory));
  }
  void TearDown() override { ASSERT_FALSE(fs::remove_directories(directory)); }

  std::string getPath(StringRef name) const {
    return (directory + "/" + name).str();
  }

  std::string write(StringRef name, StringRef content) const {
    std::string path = getPath(name);
    std::error_code error;
    raw_fd_ostream(path, error) << content;
    EXPECT_FALSE(error);
    return path;
  }

  std::string read(StringRef path) const {
    auto buffer = MemoryBuffer::getFile(path);
    EXPECT_TRUE(static_cast<bool>(buffer));
    return (*buffer)->getBuffer().str();
  }

  /// The names of the files in the directory.
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(directory, error), end; it != end;
         it.increment(error))
      names.push_back(sys::path::filename(it->path()).str());
    llvm::sort(names);
    return names;
  }

  /// What reading a file of that content complains about, without its path.
  std::string getReadError(StringRef content,
                           uint64_t maxBytes = getAvailableMemory()) const {
    std::string path = write("x.npy", content);
    std::string message = toString(readNpy(path, maxBytes).takeError());
    StringRef rest = message;
    EXPECT_TRUE(rest.consume_front("'" + path + "': ")) << message;
    return rest.str();
  }

  SmallString<128> directory;
};

} // namespace

/// A file with that dictionary, version and data.
static std::string makeFile(StringRef dictionary, StringRef data = "",
                            char version = 1) {
  std::string file = "\x93NUMPY";
  size_t length = dictionary.size() + 1;
  file += {version, 0, static_cast<char>(length & 0xff),
           static_cast<char>(length >> 8)};
  if (version > 1)
    file += {0, 0};
  return (file + dictionary + "\n" + data).str();
}

static std::string makeDictionary(StringRef type, StringRef shape,
                                  StringRef order = "False") {
  return ("{'descr': '" + type + "', 'fortran_order': " + order +
          ", 'shape': " + shape + ", }")
      .str();
}

TEST_F(NpyTest, readsEveryVersion) {
  std::string data("\0\0\x80\x3f\0\0\0\xc0", 8);
  for (char version : {1, 2, 3}) {
    std::string path =
        write("x.npy", makeFile(makeDictionary("<f4", "(2,)"), data, version));
    Array array = cantFail(readNpy(path));
    EXPECT_EQ(array.getElementType(), ElementType::F32);
    EXPECT_EQ(array.getElements<float>(), ArrayRef<float>({1, -2}));
  }
}

TEST_F(NpyTest, readsAnySpellingOfTheHeader) {
  Array array = cantFail(readNpy(write(
      "x.npy",
      makeFile("  {\"shape\":( 1,2 ),'fortran_order' : False,'descr':'|u1'}  ",
               "\x05\x07"))));
  EXPECT_EQ(array.getShape(), ArrayRef<int64_t>({1, 2}));
  EXPECT_EQ(array.getElements<uint8_t>(), ArrayRef<uint8_t>({5, 7}));
}

TEST_F(NpyTest, reordersFortranArrays) {
  std::string data(24, '\0');
  std::iota(data.begin(), data.end(), 0);
  Array array = cantFail(readNpy(write(
      "x.npy", makeFile(makeDictionary("|u1", "(2, 3, 4)", "True"), data))));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        EXPECT_EQ(array.getElements<uint8_t>()[(i * 3 + j) * 4 + k],
                  i + 2 * (j + 3 * k));
}

TEST_F(NpyTest, writesWhatItReads) {
  const SmallVector<int64_t> shapes[] = {
      {}, {0}, {1}, {3, 0, 2}, {2, 3}, {1, 2, 1, 2, 1, 2, 1, 2}};
  for (ElementType type :
       {ElementType::Bool, ElementType::U8, ElementType::I32, ElementType::I64,
        ElementType::F16, ElementType::F32, ElementType::F64}) {
    for (ArrayRef<int64_t> shape : shapes) {
      Array array = cantFail(Array::create(type, shape));
      auto *bytes = static_cast<char *>(array.getData());
      std::iota(bytes, bytes + array.getSizeInBytes(), 1);
      std::string path = getPath("x.npy");
      cantFail(writeNpy(path, array));
      // The data is aligned in the file.
      EXPECT_EQ((read(path).size() - array.getSizeInBytes()) % 64, 0u);
      Array copy = cantFail(readNpy(path));
      EXPECT_EQ(copy.getElementType(), type);
      EXPECT_EQ(copy.getShape(), shape);
      EXPECT_EQ(memcmp(copy.getData(), bytes, array.getSizeInBytes()), 0);
    }
  }
  EXPECT_EQ(list(), std::vector<std::string>{"x.npy"});
}

TEST_F(NpyTest, rejectsFilesThatAreNotThere) {
  std::string path = getPath("none.npy");
  EXPECT_EQ(toString(readNpy(path).takeError()),
            "'" + path + "': No such file or directory");
  EXPECT_EQ(toString(readNpy(directory).takeError()),
            ("'" + directory + "': not a regular file").str());
}

TEST_F(NpyTest, rejectsOtherFiles) {
  EXPECT_EQ(getReadError("PK\x03\x04 and so on"),
            "not a .npy file: the magic string is missing");
  EXPECT_EQ(getReadError("\x93"
                         "NUMPX\x01"),
            "not a .npy file: the magic string is missing");
  EXPECT_EQ(getReadError(makeFile("{}", "", /*version=*/4)),
            "unsupported version 4.0 of the .npy format (supported: 1.0 to "
            "3.0)");
}

TEST_F(NpyTest, rejectsTruncatedHeaders) {
  std::string file = makeFile(makeDictionary("<f4", "(2,)"));
  EXPECT_EQ(getReadError(""), "truncated header: the file ends after 0 bytes");
  for (size_t size : {5, 6, 7, 8, 9})
    EXPECT_EQ(getReadError(StringRef(file).take_front(size)),
              "truncated header: the file ends after " + std::to_string(size) +
                  " bytes");
  EXPECT_EQ(getReadError(StringRef(file).take_front(30)),
            "truncated header: expected 58 bytes, found 20");
  EXPECT_EQ(getReadError(StringRef("\x93NUMPY\x02\0\0\0\0\x7f{}", 14)),
            "malformed header: its length is 2130706432 bytes");
}

TEST_F(NpyTest, rejectsMalformedHeaders) {
  auto getError = [&](StringRef dictionary) {
    std::string message = getReadError(makeFile(dictionary));
    StringRef rest = message;
    EXPECT_TRUE(rest.consume_front("malformed header: ")) << message;
    return rest.str();
  };
  EXPECT_EQ(getError(""), "expected '{' at offset 1");
  EXPECT_EQ(getError("{"), "expected a string at offset 2");
  EXPECT_EQ(getError("{descr: '<f4'}"), "expected a string at offset 1");
  EXPECT_EQ(getError("{'descr"), "expected a string at offset 1");
  EXPECT_EQ(getError("{'descr' '<f4'}"), "expected ':' at offset 9");
  EXPECT_EQ(getError("{'descr': 4}"), "expected a string at offset 10");
  EXPECT_EQ(getError("{'fortran_order': 0}"),
            "expected True or False at offset 18");
  EXPECT_EQ(getError("{'shape': 3}"), "expected '(' at offset 10");
  EXPECT_EQ(getError("{'shape': (3)}"), "expected a tuple before at offset 13");
  EXPECT_EQ(getError("{'shape': (,)}"), "expected a dimension at offset 11");
  EXPECT_EQ(getError("{'shape': (2 3)}"), "expected ',' or ')' at offset 13");
  EXPECT_EQ(getError("{'shape': (2, x)}"), "expected a dimension at offset 14");
  EXPECT_EQ(getError("{'shape': (2, -)}"), "expected a dimension at offset 14");
  EXPECT_EQ(getError("{'shape': () 'descr': '<f4'}"),
            "expected ',' or '}' at offset 13");
  EXPECT_EQ(getError("{'shape': (), 'shape': ()}"), "unexpected key 'shape'");
  EXPECT_EQ(getError("{'colour': 'red'}"), "unexpected key 'colour'");
  EXPECT_EQ(getError("{'shape': (), 'descr': '<f4'}"),
            "no key 'fortran_order'");
  EXPECT_EQ(getError(makeDictionary("<f4", "(2,)") + " x"),
            "expected nothing more at offset 57");
}

TEST_F(NpyTest, rejectsOtherTypes) {
  const std::string supported =
      " (supported: |b1, |u1, <i4, <i8, <f2, <f4, <f8)";
  EXPECT_EQ(getReadError(makeFile(makeDictionary(">f4", "(2,)"))),
            "unsupported element type '>f4', which is big endian" + supported);
  for (StringRef type : {"<c8", "<i2", "|V2", "<U5", "|O", "f4", "<f16"})
    EXPECT_EQ(getReadError(makeFile(makeDictionary(type, "(2,)"))),
              ("unsupported element type '" + type + "'" + supported).str());
  EXPECT_EQ(getReadError(makeFile("{'descr': [('a', '<f4')], ")),
            "unsupported element type: a structure");
}

TEST_F(NpyTest, rejectsImpossibleShapes) {
  auto getError = [&](StringRef shape) {
    return getReadError(makeFile(makeDictionary("<f8", shape)));
  };
  EXPECT_EQ(getError("(2, -3)"), "negative dimension -3");
  EXPECT_EQ(getError("(99999999999999999999,)"),
            "dimension 99999999999999999999 is out of range");
  EXPECT_EQ(getError("(4294967296, 4294967296)"),
            "the size of 4294967296x4294967296xf64 overflows");
  EXPECT_EQ(getError("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "rank exceeds 8");
}

TEST_F(NpyTest, rejectsWrongSizes) {
  std::string dictionary = makeDictionary("<i4", "(2, 2)");
  EXPECT_EQ(getReadError(makeFile(dictionary, std::string(15, '\0'))),
            "expected 16 bytes of data for 2x2xi32, found 15");
  EXPECT_EQ(getReadError(makeFile(dictionary, std::string(17, '\0'))),
            "expected 16 bytes of data for 2x2xi32, found 17");
  EXPECT_EQ(getReadError(makeFile(makeDictionary("<i4", "()"))),
            "expected 4 bytes of data for i32, found 0");
}

TEST_F(NpyTest, respectsTheLimit) {
  std::string data(16, '\0');
  EXPECT_EQ(getReadError(makeFile(makeDictionary("<i4", "(2, 2)"), data), 15),
            "2x2xi32 needs 16 bytes of memory, but 15 are available");
  // Reordering takes the memory twice.
  EXPECT_EQ(
      getReadError(makeFile(makeDictionary("<i4", "(2, 2)", "True"), data), 31),
      "2x2xi32 needs 16 bytes of memory, but 15 are available");
}

TEST_F(NpyTest, refusesFilesLargerThanMemory) {
  // The file has holes only, but would not fit once it is read.
  constexpr int64_t size = int64_t(1) << 40;
  std::string path =
      write("x.npy",
            makeFile(makeDictionary("|u1", "(" + std::to_string(size) + ",)")));
  uint64_t headerSize = read(path).size();
  int fd;
  ASSERT_FALSE(fs::openFileForWrite(path, fd, fs::CD_OpenExisting));
  std::error_code error = fs::resize_file(fd, headerSize + size);
  ASSERT_FALSE(fs::closeFile(fd));
  if (error)
    GTEST_SKIP() << "the file system has no files of that size";
  std::string message = toString(readNpy(path).takeError());
  EXPECT_NE(message.find("1099511627776xui8 needs 1099511627776 bytes"),
            std::string::npos)
      << message;
}

TEST_F(NpyTest, writesNoBF16) {
  Array array = cantFail(Array::create(ElementType::BF16, {2}));
  std::string path = getPath("x.npy");
  EXPECT_EQ(toString(writeNpy(path, array)),
            "'" + path + "': bf16 has no type in a .npy file");
  EXPECT_TRUE(list().empty());
}

TEST_F(NpyTest, writesOnlyRegularFiles) {
  Array array = cantFail(Array::create(ElementType::F32, {}));
  EXPECT_EQ(toString(writeNpy("/dev/null", array)),
            "'/dev/null': not a regular file");
  std::string path = getPath("none/x.npy");
  EXPECT_EQ(toString(writeNpy(path, array)),
            "'" + path + "': No such file or directory");
}

TEST_F(NpyTest, keepsTheOldFileWhenWritingFails) {
  // A limit on the size of files stands for a full disk.
  Array array = cantFail(Array::create(ElementType::F32, {1 << 16}));
  std::string path = write("x.npy", "old");
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = {1 << 12, old.rlim_max};
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message = toString(writeNpy(path, array));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "'" + path + "': File too large");
  EXPECT_EQ(read(path), "old");
  EXPECT_EQ(list(), std::vector<std::string>{"x.npy"});
}
