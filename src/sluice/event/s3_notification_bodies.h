// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// Bodies for tests, of each shape that exists. Those of moto 5.2.5, MinIO (February 2026) and
// versitygw 1.8.0 are what these servers sent, but for MinIO's userAgent, which was longer.

inline constexpr std::string_view kS3Body =
    R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-central-1",)"
    R"("eventTime":"2026-11-23T14:05:02.123Z","eventName":"ObjectCreated:Put",)"
    R"("userIdentity":{"principalId":"AWS:AIDA"},)"
    R"("requestParameters":{"sourceIPAddress":"10.0.0.1"},)"
    R"("responseElements":{"x-amz-request-id":"C3D1","x-amz-id-2":"FMyU"},"s3":{)"
    R"("s3SchemaVersion":"1.0","configurationId":"raw","bucket":{"name":"acme-raw",)"
    R"("ownerIdentity":{"principalId":"A3NL"},"arn":"arn:aws:s3:::acme-raw"},"object":{)"
    R"("key":"tracking/date%3D2026-11-23/14/a+b%2Bc%25.ndjson.zst","size":1048576,)"
    R"("eTag":"d41d8cd98f00b204e9800998ecf8427e-3","versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko",)"
    R"("sequencer":"0055AED6DCD90281E5"}}}]})";

inline constexpr std::string_view kS3TestEventBody =
    R"({"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T14:02:00.000Z",)"
    R"("Bucket":"acme-raw","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo"})";

inline constexpr std::string_view kMotoTestEventBody =
    R"({"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-23T14:03:43.728Z", )"
    R"("Bucket": "bkt"})";

inline constexpr std::string_view kMotoBody =
    R"({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", )"
    R"("eventTime": "2026-11-23T14:03:44.864Z", "eventName": "ObjectCreated:Put", "s3": {)"
    R"("s3SchemaVersion": "1.0", "configurationId": "n1", "bucket": {"name": "bkt", )"
    R"("arn": "arn:aws:s3:::bkt"}, "object": {"key": "raw%2Fa+b%2Bc%3D%C3%A9.json", "size": 2, )"
    R"("eTag": "99914b932bd37a50b983c5e7c90ae93b"}}}]})";

inline constexpr std::string_view kMotoMultipartBody =
    R"({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3",)"
    R"( "awsRegion": "us-east-1", "eventTime": "2026-11-26T09:10:18.794Z",)"
    R"( "eventName": "ObjectCreated:CompleteMultipartUpload",)"
    R"( "s3": {"s3SchemaVersion": "1.0", "configurationId": "n1", "bucket": {"name": "bkt",)"
    R"( "arn": "arn:aws:s3:::bkt"}, "object": {"key": "mp", "size": 7,)"
    R"( "eTag": "c264e0cab88e21e30e5808f97314abbc-1"}}}]})";

// Its webhook puts the event's name and the key before the records.
inline constexpr std::string_view kMinioBody =
    R"({"EventName":"s3:ObjectCreated:Put","Key":"raw/date=2026-11-23/14/a b+c%é.ndjson",)"
    R"("Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"us-east-1",)"
    R"("eventTime":"2026-11-26T09:09:34.180Z","eventName":"s3:ObjectCreated:Put",)"
    R"("userIdentity":{"principalId":"sluice-test"},)"
    R"("requestParameters":{"principalId":"sluice-test","region":"us-east-1",)"
    R"("sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-id-2":"41f6122c5f4e107472a)"
    R"(bd68cc1409ac377067f8889ab5ffc0481a7fdafb61594",)"
    R"("x-amz-request-id":"18EB8D3E1281E760","x-minio-deployment-id":"a47e55b2-cc57-445c-80)"
    R"(b6-d871502b2a83","x-minio-origin-endpoint":"http://127.0.0.1:58999"},)"
    R"("s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"raw",)"
    R"("ownerIdentity":{"principalId":"sluice-test"},"arn":"arn:aws:s3:::raw"},)"
    R"("object":{"key":"date%3D2026-11-23%2F14%2Fa+b%2Bc%25%C3%A9.ndjson","size":2,)"
    R"("eTag":"99914b932bd37a50b983c5e7c90ae93b","contentType":"binary/octet-stream",)"
    R"("userMetadata":{"content-type":"binary/octet-stream"},)"
    R"("sequencer":"18EB8D3E1297D1F8"}},"source":{"host":"127.0.0.1","port":"",)"
    R"("userAgent":"Boto3/1.44.5"}}]})";

// A size of zero is left out.
inline constexpr std::string_view kMinioEmptyBody =
    R"({"EventName":"s3:ObjectCreated:Put","Key":"raw/date=2026-11-23/14/empty",)"
    R"("Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"us-east-1",)"
    R"("eventTime":"2026-11-26T09:10:22.550Z","eventName":"s3:ObjectCreated:Put",)"
    R"("userIdentity":{"principalId":"sluice-test"},)"
    R"("requestParameters":{"principalId":"sluice-test","region":"us-east-1",)"
    R"("sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-id-2":"25d4cb1085f835c5e1b)"
    R"(af0e06912c027a7e17c9881491a40edb2e9848e8bf215",)"
    R"("x-amz-request-id":"18EB8D4955CC7D0D","x-minio-deployment-id":"fe6641fb-ac38-4793-be)"
    R"(89-36252bf50218","x-minio-origin-endpoint":"http://127.0.0.1:48685"},)"
    R"("s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"raw",)"
    R"("ownerIdentity":{"principalId":"sluice-test"},"arn":"arn:aws:s3:::raw"},)"
    R"("object":{"key":"date%3D2026-11-23%2F14%2Fempty",)"
    R"("eTag":"d41d8cd98f00b204e9800998ecf8427e","contentType":"binary/octet-stream",)"
    R"("userMetadata":{"content-type":"binary/octet-stream"},)"
    R"("sequencer":"18EB8D4955D3BBAF"}},"source":{"host":"127.0.0.1","port":"",)"
    R"("userAgent":"Boto3/1.44.5"}}]})";

inline constexpr std::string_view kVersitygwTestEventBody =
    R"({"Bucket":"Test-Bucket","Event":"s3:TestEvent","Service":"S3",)"
    R"("Time":"2026-11-26T09:10:26Z"})";

// Its key is not encoded, its ETag has quotes, and what it does not know is null, empty or zero.
inline constexpr std::string_view kVersitygwBody =
    R"({"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":"us-east-1",)"
    R"("eventTime":"2026-11-26T09:10:26Z","eventName":"s3:ObjectCreated:Put",)"
    R"("userIdentity":{"PrincipalId":"sluice-test"},)"
    R"("requestParameters":{"sourceIPAddress":"127.0.0.1"},)"
    R"("responseElements":{"x-amz-request-id":"","x-amz-id-2":""},)"
    R"("s3":{"s3SchemaVersion":"1.0","configurationId":"webhook-global",)"
    R"("bucket":{"name":"raw","ownerIdentity":{"PrincipalId":"sluice-test"},)"
    R"("arn":"arn:aws:s3:::/raw/date=2026-11-23/14/empty"},)"
    R"("object":{"key":"date=2026-11-23/14/empty","size":0,)"
    R"("eTag":"\"d41d8cd98f00b204e9800998ecf8427e\"","versionId":null,"sequencer":"1"}},)"
    R"("glacierEventData":{"restoreEventData":{"lifecycleRestorationExpiryTime":"",)"
    R"("lifecycleRestoreStorageClass":""}}}]})";

// The object has 7 bytes.
inline constexpr std::string_view kVersitygwMultipartBody =
    R"({"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":"us-east-1",)"
    R"("eventTime":"2026-11-26T09:10:27Z","eventName":"s3:ObjectCreated:CompleteMultipartUp)"
    R"(load","userIdentity":{"PrincipalId":"sluice-test"},)"
    R"("requestParameters":{"sourceIPAddress":"127.0.0.1"},)"
    R"("responseElements":{"x-amz-request-id":"","x-amz-id-2":""},)"
    R"("s3":{"s3SchemaVersion":"1.0","configurationId":"webhook-global",)"
    R"("bucket":{"name":"raw","ownerIdentity":{"PrincipalId":"sluice-test"},)"
    R"("arn":"arn:aws:s3:::/raw/date=2026-11-23/14/x.gz"},)"
    R"("object":{"key":"date=2026-11-23/14/x.gz","size":0,)"
    R"("eTag":"\"c264e0cab88e21e30e5808f97314abbc-1\"","versionId":"","sequencer":"2"}},)"
    R"("glacierEventData":{"restoreEventData":{"lifecycleRestorationExpiryTime":"",)"
    R"("lifecycleRestoreStorageClass":""}}}]})";

inline constexpr std::string_view kEventBridgeBody =
    R"({"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created",)"
    R"("source":"aws.s3","account":"111122223333","time":"2026-11-23T14:05:02Z",)"
    R"("region":"ca-central-1","resources":["arn:aws:s3:::acme-raw"],"detail":{"version":"0",)"
    R"("bucket":{"name":"acme-raw"},"object":{"key":"date=2026-11-23/14/a+b%2Bc.ndjson","size":5,)"
    R"("etag":"b1946ac92492d2347c6235b4d2611184","version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",)"
    R"("sequencer":"617f08299329d189"},"request-id":"N4N7GDK58NMKJ12R",)"
    R"("requester":"123456789012","source-ip-address":"1.2.3.4","reason":"CopyObject"}})";

}  // namespace sluice
