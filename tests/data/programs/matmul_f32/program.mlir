module @matmul_f32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<7x9xf32>, %arg1: tensor<9x5xf32>) -> (tensor<7x5xf32>, tensor<5x7xf32>, tensor<7x7xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<7x9xf32>, tensor<9x5xf32>) -> tensor<7x5xf32>
    %1 = stablehlo.transpose %arg1, dims = [1, 0] : (tensor<9x5xf32>) -> tensor<5x9xf32>
    %2 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<7x9xf32>) -> tensor<9x7xf32>
    %3 = stablehlo.dot_general %1, %2, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<5x9xf32>, tensor<9x7xf32>) -> tensor<5x7xf32>
    %4 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<7x9xf32>) -> tensor<9x7xf32>
    %5 = stablehlo.dot_general %arg0, %4, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<7x9xf32>, tensor<9x7xf32>) -> tensor<7x7xf32>
    return %0, %3, %5 : tensor<7x5xf32>, tensor<5x7xf32>, tensor<7x7xf32>
  }
}
