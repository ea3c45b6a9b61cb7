// RUN: longnet-opt %s --longnet-c-interface --split-input-file -verify-diagnostics

// expected-error@+1 {{expects an exported function to be lowered to the LLVM dialect}}
func.func @f(%x: tensor<4xf32>) attributes {
    longnet.parameters = [{name = "x", type = tensor<4xf32>}]} {
  return
}

// -----

// expected-error@+1 {{has malformed attributes 'longnet.parameters', 'longnet.size_ties' or 'longnet.computed_sizes'}}
llvm.func @no_type(%x: i64) attributes {longnet.parameters = [{name = "x"}]} {
  llvm.return
}

// -----

// expected-error@+1 {{has malformed attributes}}
llvm.func @no_list(%x: i64) attributes {longnet.parameters = 1} {
  llvm.return
}

// -----

// expected-error@+1 {{has malformed attributes}}
llvm.func @bad_type(%x: i64) attributes {
    longnet.parameters = [{name = "x", type = tensor<*xf32>}]} {
  llvm.return
}

// -----

// expected-error@+1 {{has malformed attributes}}
llvm.func @bad_dim(%0: !llvm.ptr, %1: !llvm.ptr, %2: i64, %3: i64, %4: i64)
    attributes {longnet.parameters = [{name = "x", type = tensor<?xf32>}],
                longnet.size_ties = [{equal = [4], size = [0, 1]}]} {
  llvm.return
}

// -----

// expected-error@+1 {{expects buffers to be unpacked into pointers, offset, sizes and strides}}
llvm.func @bare(%x: !llvm.ptr) attributes {
    longnet.parameters = [{name = "x", type = tensor<?xf32>}]} {
  llvm.return
}

// -----

// expected-error@+1 {{expects a function 'f.sizes'}}
llvm.func @f(%0: !llvm.ptr, %1: !llvm.ptr, %2: i64, %3: i64, %4: i64)
    attributes {longnet.parameters = [{name = "x", output, type = tensor<?xf32>}],
                longnet.computed_sizes = [[0, 0]]} {
  llvm.return
}

// -----

// expected-error@+1 {{cannot be exported: there is a symbol 'f_error'}}
llvm.func @f(%x: i64) attributes {
    longnet.parameters = [{name = "x", type = index}]} {
  llvm.return
}
llvm.func @f_error()
