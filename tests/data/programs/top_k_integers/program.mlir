module @top_k_integers attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<40xi32>, %arg1: tensor<8xui8>) -> (tensor<7xi32>, tensor<7xi32>, tensor<4xui8>, tensor<4xi32>) {
    %values, %indices = chlo.top_k(%arg0, k = 7) : tensor<40xi32> -> (tensor<7xi32>, tensor<7xi32>)
    %values_0, %indices_1 = chlo.top_k(%arg1, k = 4) : tensor<8xui8> -> (tensor<4xui8>, tensor<4xi32>)
    return %values, %indices, %values_0, %indices_1 : tensor<7xi32>, tensor<7xi32>, tensor<4xui8>, tensor<4xi32>
  }
}
