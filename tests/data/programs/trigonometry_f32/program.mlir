module @trigonometry_f32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<24xf32>, %arg1: tensor<24xf32>) -> (tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>) {
    %0 = stablehlo.sine %arg0 : tensor<24xf32>
    %1 = stablehlo.cosine %arg0 : tensor<24xf32>
    %2 = stablehlo.tan %arg0 : tensor<24xf32>
    %3 = stablehlo.atan2 %arg0, %arg1 : tensor<24xf32>
    return %0, %1, %2, %3 : tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>
  }
}
