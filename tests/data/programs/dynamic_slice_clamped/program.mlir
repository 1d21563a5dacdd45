module @dynamic_slice_clamped attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<10xi32>, %arg1: tensor<i64>, %arg2: tensor<i64>) -> (tensor<3xi32>, tensor<3xi32>, tensor<10xi32>) {
    %c = stablehlo.constant dense<0> : tensor<i64>
    %0 = stablehlo.compare LT, %arg1, %c, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %c_0 = stablehlo.constant dense<10> : tensor<i64>
    %1 = stablehlo.add %arg1, %c_0 : tensor<i64>
    %2 = stablehlo.select %0, %1, %arg1 : tensor<i1>, tensor<i64>
    %3 = stablehlo.dynamic_slice %arg0, %2, sizes = [3] : (tensor<10xi32>, tensor<i64>) -> tensor<3xi32>
    %c_1 = stablehlo.constant dense<0> : tensor<i64>
    %4 = stablehlo.compare LT, %arg2, %c_1, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %c_2 = stablehlo.constant dense<10> : tensor<i64>
    %5 = stablehlo.add %arg2, %c_2 : tensor<i64>
    %6 = stablehlo.select %4, %5, %arg2 : tensor<i1>, tensor<i64>
    %7 = stablehlo.dynamic_slice %arg0, %6, sizes = [3] : (tensor<10xi32>, tensor<i64>) -> tensor<3xi32>
    %c_3 = stablehlo.constant dense<0> : tensor<i32>
    %8 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %c_4 = stablehlo.constant dense<0> : tensor<i64>
    %9 = stablehlo.compare LT, %arg2, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %c_5 = stablehlo.constant dense<10> : tensor<i64>
    %10 = stablehlo.add %arg2, %c_5 : tensor<i64>
    %11 = stablehlo.select %9, %10, %arg2 : tensor<i1>, tensor<i64>
    %12 = stablehlo.dynamic_update_slice %arg0, %8, %11 : (tensor<10xi32>, tensor<2xi32>, tensor<i64>) -> tensor<10xi32>
    return %3, %7, %12 : tensor<3xi32>, tensor<3xi32>, tensor<10xi32>
  }
}
