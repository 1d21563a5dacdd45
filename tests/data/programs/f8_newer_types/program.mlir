module @f8_newer_types attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8xf8E4M3>, %arg1: tensor<8xf8E3M4>, %arg2: tensor<4xf8E8M0FNU>, %arg3: tensor<4xf4E2M1FN>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf8E4M3>, tensor<8xf8E3M4>, tensor<4xf32>, tensor<4xf8E8M0FNU>, tensor<4xf4E2M1FN>) {
    %0 = stablehlo.convert %arg0 : (tensor<8xf8E4M3>) -> tensor<8xf32>
    %1 = stablehlo.convert %arg1 : (tensor<8xf8E3M4>) -> tensor<8xf32>
    %2 = stablehlo.convert %arg3 : (tensor<4xf4E2M1FN>) -> tensor<4xf32>
    %3 = stablehlo.convert %arg2 : (tensor<4xf8E8M0FNU>) -> tensor<4xf32>
    %4 = stablehlo.multiply %2, %3 : tensor<4xf32>
    return %0, %1, %arg0, %arg1, %4, %arg2, %arg3 : tensor<8xf32>, tensor<8xf32>, tensor<8xf8E4M3>, tensor<8xf8E3M4>, tensor<4xf32>, tensor<4xf8E8M0FNU>, tensor<4xf4E2M1FN>
  }
}
