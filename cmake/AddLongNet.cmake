# How a library, a tool and a plugin of this project are built. Include it once,
# from the root, before the first target.

option(LONGNET_WERROR "Treat warnings in the project's own code as errors" ON)
option(LONGNET_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)

option(LONGNET_PRECOMPILE "Precompile MLIR's headers, which take most of a build" ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache asks for with precompiled headers.
  set(launcher ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

if(LONGNET_SANITIZE)
  # vptr needs the type information that -fno-rtti leaves out.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr
                      -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined)
endif()

# What every target of the project has in common.
function(longnet_configure_target name)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_features(${name} PUBLIC cxx_std_17)
  target_compile_options(${name} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti -fno-exceptions>
    -Wall -Wextra -Wno-unused-parameter $<$<BOOL:${LONGNET_WERROR}>:-Werror>)
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_include_directories(${name} SYSTEM PRIVATE
    ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  get_target_property(type ${name} TYPE)
  if(LONGNET_SANITIZE AND type STREQUAL "EXECUTABLE")
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/SanitizerDefaults.c)
  endif()
endfunction()

function(longnet_precompile name)
  if(LONGNET_PRECOMPILE)
    target_compile_options(${name} PRIVATE
      $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
    target_precompile_headers(${name} REUSE_FROM LongNetPrecompiled)
  endif()
endfunction()

# One precompiled header for all targets. Files still include what they use: the
# installed headers are compiled without it.
if(LONGNET_PRECOMPILE)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
  add_library(LongNetPrecompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
  longnet_configure_target(LongNetPrecompiled)
  target_compile_options(LongNetPrecompiled PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(LongNetPrecompiled PRIVATE
    <mlir/Dialect/Affine/IR/AffineOps.h>
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Dialect/Linalg/IR/Linalg.h>
    <mlir/Dialect/Math/IR/Math.h>
    <mlir/Dialect/MemRef/IR/MemRef.h>
    <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Tensor/IR/Tensor.h>
    <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/PatternMatch.h>
    <mlir/Interfaces/TilingInterface.h>
    <mlir/Pass/Pass.h>)
endif()

# add_longnet_library(name [WITHOUT_MLIR] SOURCES file... [DEPENDS target...]
#                     [LINK_LIBS lib...])
#
# A static library, installed with the package as LongNet::name. DEPENDS names
# the tablegen targets whose output it includes. LINK_LIBS are libraries of the
# project and the shared MLIR and LLVM, never component archives: those would
# give a process a second MLIR. A library WITHOUT_MLIR can be linked without it,
# so it must not see the precompiled headers, whose inline functions need it.
function(add_longnet_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "WITHOUT_MLIR" "" "SOURCES;DEPENDS;LINK_LIBS")
  add_library(${name} STATIC ${ARG_SOURCES})
  add_library(LongNet::${name} ALIAS ${name})
  longnet_configure_target(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  if(NOT ARG_WITHOUT_MLIR)
    longnet_precompile(${name})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  set_property(GLOBAL APPEND PROPERTY LONGNET_LIBS ${name})
endfunction()

# add_longnet_tool(name SOURCES file... [LINK_LIBS lib...])
#
# An executable in bin/, installed with the package.
function(add_longnet_tool name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINK_LIBS")
  add_executable(${name} ${ARG_SOURCES})
  longnet_configure_target(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin
    INSTALL_RPATH_USE_LINK_PATH ON)
  set_property(GLOBAL APPEND PROPERTY LONGNET_TOOLS ${name})
endfunction()

# add_longnet_plugin(name SOURCES file... [LINK_LIBS lib...])
#
# A module name.so in lib/ that mlir-opt loads, installed with the package.
function(add_longnet_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINK_LIBS")
  add_library(${name} MODULE ${ARG_SOURCES})
  longnet_configure_target(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} MLIR LLVM)
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
    INSTALL_RPATH_USE_LINK_PATH ON)
  set_property(GLOBAL APPEND PROPERTY LONGNET_TOOLS ${name})
endfunction()
