module @integer_4_bit attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<9xi4>, %arg1: tensor<9xui4>) -> (tensor<9xi4>, tensor<9xui4>, tensor<9xi32>, tensor<9xi32>, tensor<9xi8>) {
    %0 = stablehlo.convert %arg0 : (tensor<9xi4>) -> tensor<9xi32>
    %c = stablehlo.constant dense<3> : tensor<i32>
    %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<9xi32>
    %2 = stablehlo.multiply %0, %1 : tensor<9xi32>
    %3 = stablehlo.convert %arg1 : (tensor<9xui4>) -> tensor<9xi32>
    %c_0 = stablehlo.constant dense<1> : tensor<i32>
    %4 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<9xi32>
    %5 = stablehlo.add %3, %4 : tensor<9xi32>
    %6 = stablehlo.convert %arg0 : (tensor<9xi4>) -> tensor<9xi8>
    %7 = stablehlo.negate %6 : tensor<9xi8>
    %c_1 = stablehlo.constant dense<2> : tensor<i64>
    %8 = call @floor_divide(%7, %c_1) : (tensor<9xi8>, tensor<i64>) -> tensor<9xi8>
    return %arg0, %arg1, %2, %5, %8 : tensor<9xi4>, tensor<9xui4>, tensor<9xi32>, tensor<9xi32>, tensor<9xi8>
  }
  func.func private @floor_divide(%arg0: tensor<9xi8>, %arg1: tensor<i64>) -> tensor<9xi8> {
    %0 = stablehlo.convert %arg1 : (tensor<i64>) -> tensor<i8>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<i8>) -> tensor<9xi8>
    %2 = stablehlo.divide %arg0, %1 : tensor<9xi8>
    %3 = stablehlo.sign %arg0 : tensor<9xi8>
    %4 = stablehlo.sign %0 : tensor<i8>
    %5 = stablehlo.broadcast_in_dim %4, dims = [] : (tensor<i8>) -> tensor<9xi8>
    %6 = stablehlo.compare NE, %3, %5, SIGNED : (tensor<9xi8>, tensor<9xi8>) -> tensor<9xi1>
    %7 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<i8>) -> tensor<9xi8>
    %8 = stablehlo.remainder %arg0, %7 : tensor<9xi8>
    %c = stablehlo.constant dense<0> : tensor<i8>
    %9 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i8>) -> tensor<9xi8>
    %10 = stablehlo.compare NE, %8, %9, SIGNED : (tensor<9xi8>, tensor<9xi8>) -> tensor<9xi1>
    %11 = stablehlo.and %6, %10 : tensor<9xi1>
    %c_0 = stablehlo.constant dense<1> : tensor<i8>
    %12 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i8>) -> tensor<9xi8>
    %13 = stablehlo.subtract %2, %12 : tensor<9xi8>
    %14 = call @_where(%11, %13, %2) : (tensor<9xi1>, tensor<9xi8>, tensor<9xi8>) -> tensor<9xi8>
    return %14 : tensor<9xi8>
  }
  func.func private @_where(%arg0: tensor<9xi1>, %arg1: tensor<9xi8>, %arg2: tensor<9xi8>) -> tensor<9xi8> {
    %0 = stablehlo.select %arg0, %arg1, %arg2 : tensor<9xi1>, tensor<9xi8>
    return %0 : tensor<9xi8>
  }
}
