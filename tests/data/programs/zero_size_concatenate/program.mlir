module @zero_size_concatenate attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<0xui8>, %arg1: tensor<3xui8>) -> (tensor<3xui8>, tensor<0xui8>, tensor<0xui8>, tensor<0x5xui8>, tensor<0xui8>) {
    %0 = stablehlo.concatenate %arg0, %arg1, dim = 0 : (tensor<0xui8>, tensor<3xui8>) -> tensor<3xui8>
    %1 = stablehlo.slice %arg1 [1:1] : (tensor<3xui8>) -> tensor<0xui8>
    %2 = call @sort(%arg0) : (tensor<0xui8>) -> tensor<0xui8>
    %3 = stablehlo.reshape %arg0 : (tensor<0xui8>) -> tensor<0x5xui8>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %4 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<0xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %5 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<0xi32>
    %6 = stablehlo.compare LT, %4, %5, SIGNED : (tensor<0xi32>, tensor<0xi32>) -> tensor<0xi1>
    %c_1 = stablehlo.constant dense<3> : tensor<i32>
    %7 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<i32>) -> tensor<0xi32>
    %8 = stablehlo.add %4, %7 : tensor<0xi32>
    %9 = stablehlo.select %6, %8, %4 : tensor<0xi1>, tensor<0xi32>
    %10 = stablehlo.broadcast_in_dim %9, dims = [0] : (tensor<0xi32>) -> tensor<0x1xi32>
    %c_2 = stablehlo.constant dense<0> : tensor<ui8>
    %11 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<ui8>) -> tensor<0xui8>
    return %0, %1, %2, %3, %11 : tensor<3xui8>, tensor<0xui8>, tensor<0xui8>, tensor<0x5xui8>, tensor<0xui8>
  }
  func.func private @sort(%arg0: tensor<0xui8>) -> tensor<0xui8> {
    %0 = "stablehlo.sort"(%arg0) <{dimension = 0 : i64, is_stable = true}> ({
    ^bb0(%arg1: tensor<ui8>, %arg2: tensor<ui8>):
      %1 = stablehlo.compare LT, %arg1, %arg2, UNSIGNED : (tensor<ui8>, tensor<ui8>) -> tensor<i1>
      stablehlo.return %1 : tensor<i1>
    }) : (tensor<0xui8>) -> tensor<0xui8>
    return %0 : tensor<0xui8>
  }
}
