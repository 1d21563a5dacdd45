module @integer_matmul_s8_to_s32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x16xi8>, %arg1: tensor<16x3xi8>) -> tensor<4x3xi32> {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x16xi8>, tensor<16x3xi8>) -> tensor<4x3xi32>
    return %0 : tensor<4x3xi32>
  }
}
