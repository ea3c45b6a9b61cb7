// RUN: longnet-opt %s --longnet-c-interface --split-input-file | FileCheck %s --enable-var-scope

// The function becomes internal, and only its entry leaves the object.

// CHECK-LABEL: llvm.func internal @f.impl(
// CHECK-SAME:      sym_visibility = "private"
// CHECK-NOT:     longnet.

// CHECK-LABEL: llvm.func @f(
// CHECK-SAME:      %[[X:[^:]*]]: !llvm.ptr, %[[N:[^:]*]]: i64, %[[Y:[^:]*]]: !llvm.ptr) -> i32

// A null pointer.
// CHECK:         %[[ONE:.*]] = llvm.mlir.constant(1 : i32) : i32
// CHECK:         llvm.cond_br %{{.*}}, ^[[NEXT:bb.*]], ^[[FAIL:bb[0-9]*]](%[[ONE]] : i32)

// Device, rank and type.
// CHECK:       ^[[NEXT]]:
// CHECK:         llvm.getelementptr %[[X]][0, 1] : {{.*}}, !llvm.struct<(ptr, i32, i32, i32, i8, i8, i16, ptr, ptr, i64)>
// CHECK:         llvm.getelementptr %[[X]][0, 3]
// CHECK:         llvm.getelementptr %[[X]][0, 4]
// CHECK:         llvm.getelementptr %[[X]][0, 5]
// CHECK:         llvm.getelementptr %[[X]][0, 6]

// Sizes, then strides, which may be missing.
// CHECK:         llvm.getelementptr %[[X]][0, 7]
// CHECK:         %[[SIZE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
// CHECK:         llvm.icmp "sge" %[[SIZE]], %{{.*}} : i64
// CHECK:         llvm.getelementptr %[[X]][0, 8]
// CHECK:         %[[STRIDES:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK:         %[[GIVEN:.*]] = llvm.icmp "ne" %[[STRIDES]], %{{.*}} : !llvm.ptr
// CHECK:         llvm.select %[[GIVEN]], %[[STRIDES]], %{{.*}} : i1, !llvm.ptr

// Data and its alignment.
// CHECK:         llvm.getelementptr %[[X]][0, 0]
// CHECK:         %[[BASE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.getelementptr %[[X]][0, 9]
// CHECK:         %[[DATA:.*]] = llvm.getelementptr %[[BASE]][%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK:         llvm.ptrtoint %[[DATA]]

// The position, the tie and the computed size.
// CHECK:         llvm.icmp "ule" %[[N]], %{{.*}} : i64
// CHECK:         llvm.getelementptr %[[Y]][0, 7]
// CHECK:         %[[YSIZE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
// CHECK:         llvm.urem %[[YSIZE]], %{{.*}} : i64
// CHECK:         %[[WANTED:.*]] = llvm.call @f.sizes(%[[DATA]], %[[DATA]], %{{.*}}, %[[SIZE]], %{{.*}}, %[[N]])
// CHECK:         llvm.icmp "eq" %{{.*}}, %[[WANTED]] : i64

// CHECK:         llvm.call @f.impl(%[[DATA]], %[[DATA]], %{{.*}}, %[[SIZE]], %{{.*}}, %[[N]], %[[YDATA:.*]], %[[YDATA]], %{{.*}}, %[[YSIZE]], %{{.*}})
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : i32) : i32
// CHECK:         llvm.return %[[ZERO]] : i32
// CHECK:       ^[[FAIL]](%[[CODE:.*]]: i32):
// CHECK-NEXT:    llvm.return %[[CODE]] : i32

// CHECK:       llvm.mlir.global internal constant @f.texts("no error\00argument 'x': expects a tensor, got a null pointer\00
// CHECK-SAME:      argument 'x': expects a tensor in the CPU's memory\00argument 'x': expects rank 1\00argument 'x': expects elements of type f32\00
// CHECK-SAME:      argument 'n': expects a position in [0, 2^48]\00
// CHECK-SAME:      argument 'y': expects dimension 0 (heads) to be a multiple of that of 'x'\00
// CHECK-SAME:      argument 'y': expects another size of dimension 0, which follows from the inputs\00unknown error code\00")
// CHECK:       llvm.mlir.global internal constant @f.text_starts(dense<[0, 9, 60, {{.*}}]> : tensor<[[COUNT:[0-9]*]]xi32>)
// CHECK-LABEL: llvm.func @f_error(
// CHECK-SAME:      %[[CODE:.*]]: i32) -> !llvm.ptr
// CHECK:         llvm.icmp "ult" %[[CODE]], %{{.*}} : i32

// CHECK-LABEL: llvm.func internal @f.sizes(
llvm.func @f(%0: !llvm.ptr, %1: !llvm.ptr, %2: i64, %3: i64, %4: i64, %n: i64,
             %5: !llvm.ptr, %6: !llvm.ptr, %7: i64, %8: i64, %9: i64)
    attributes {
      longnet.parameters = [{name = "x", type = tensor<?xf32>},
                            {name = "n", position, type = index},
                            {name = "y", output, type = tensor<?xf32>}],
      longnet.size_ties = [{multiple = [0, 0], size = [2, 0], what = "heads"}],
      longnet.computed_sizes = [[2, 0]]} {
  llvm.return
}
llvm.func @f.sizes(%0: !llvm.ptr, %1: !llvm.ptr, %2: i64, %3: i64, %4: i64,
                   %n: i64) -> i64 attributes {sym_visibility = "private"} {
  llvm.return %n : i64
}

// -----

// Numbers come as they are. A tensor without dimensions has neither sizes nor
// strides to look at.

// CHECK-LABEL: llvm.func @numbers(
// CHECK-SAME:      %[[I:[^:]*]]: i32, %[[F:[^:]*]]: f64, %[[X:[^:]*]]: !llvm.ptr) -> i32
// CHECK-NOT:     llvm.getelementptr %[[X]][0, 7]
// CHECK-NOT:     llvm.getelementptr %[[X]][0, 8]
// CHECK:         llvm.call @numbers.impl(%[[I]], %[[F]], %{{.*}}, %{{.*}}, %{{.*}}) : (i32, f64, !llvm.ptr, !llvm.ptr, i64) -> ()
llvm.func @numbers(%i: i32, %f: f64, %0: !llvm.ptr, %1: !llvm.ptr, %2: i64)
    attributes {longnet.parameters = [{name = "i", type = i32},
                                      {name = "f", type = f64},
                                      {name = "x", output, type = tensor<f64>}]} {
  llvm.return
}
