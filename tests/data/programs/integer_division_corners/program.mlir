module @integer_division_corners attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<7xi32>, %arg1: tensor<7xi32>) -> (tensor<7xi32>, tensor<7xi32>) {
    %0 = stablehlo.divide %arg0, %arg1 : tensor<7xi32>
    %1 = stablehlo.remainder %arg0, %arg1 : tensor<7xi32>
    return %0, %1 : tensor<7xi32>, tensor<7xi32>
  }
}
