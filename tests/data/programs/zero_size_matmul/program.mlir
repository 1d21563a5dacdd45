module @zero_size_matmul attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x0xf32>, %arg1: tensor<0x4xf32>) -> (tensor<3x4xf32>, tensor<4x3xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<3x0xf32>, tensor<0x4xf32>) -> tensor<3x4xf32>
    %1 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<0x4xf32>) -> tensor<4x0xf32>
    %2 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<3x0xf32>) -> tensor<0x3xf32>
    %3 = stablehlo.dot_general %1, %2, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x0xf32>, tensor<0x3xf32>) -> tensor<4x3xf32>
    return %0, %3 : tensor<3x4xf32>, tensor<4x3xf32>
  }
}
