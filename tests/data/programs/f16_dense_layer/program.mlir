module @f16_dense_layer attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x6xf16>, %arg1: tensor<6x5xf16>, %arg2: tensor<5xf16>) -> tensor<4x5xf16> {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x6xf16>, tensor<6x5xf16>) -> tensor<4x5xf16>
    %1 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<5xf16>) -> tensor<1x5xf16>
    %2 = stablehlo.broadcast_in_dim %1, dims = [0, 1] : (tensor<1x5xf16>) -> tensor<4x5xf16>
    %3 = stablehlo.add %0, %2 : tensor<4x5xf16>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f16>
    %4 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f16>) -> tensor<4x5xf16>
    %5 = stablehlo.maximum %3, %4 : tensor<4x5xf16>
    return %5 : tensor<4x5xf16>
  }
}
