// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice {

// Bodies for tests, one of each shape that exists.

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

// Its webhook puts the event's name and the key before the records.
inline constexpr std::string_view kMinioBody =
    R"({"EventName":"s3:ObjectCreated:Put","Key":"raw/date=2026-11-23/14/x.ndjson","Records":[{)"
    R"("eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"",)"
    R"("eventTime":"2026-11-23T14:05:02.123Z","eventName":"s3:ObjectCreated:Put",)"
    R"("userIdentity":{"principalId":"root"},"requestParameters":{"region":""},)"
    R"("responseElements":{"x-amz-request-id":"17A2"},"s3":{"s3SchemaVersion":"1.0",)"
    R"("configurationId":"Config","bucket":{"name":"raw","ownerIdentity":{"principalId":"root"},)"
    R"("arn":"arn:aws:s3:::raw"},"object":{"key":"date%3D2026-11-23%2F14%2Fx.ndjson",)"
    R"("eTag":"8f2e1b","contentType":"application/octet-stream","userMetadata":{"a":"b"},)"
    R"("sequencer":"17A2D9B7E0C5A1F0"}},)"
    R"("source":{"host":"127.0.0.1","port":"","userAgent":"m"}}]})";

// Its key is not encoded, its ETag has quotes, and what it does not know is null.
inline constexpr std::string_view kVersitygwBody =
    R"({"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":"us-east-1",)"
    R"("eventTime":"2026-11-23T14:05:02Z","eventName":"s3:ObjectCreated:CompleteMultipartUpload",)"
    R"("userIdentity":{"PrincipalId":"K"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},)"
    R"("responseElements":{"x-amz-request-id":"","x-amz-id-2":""},"s3":{"s3SchemaVersion":"1.0",)"
    R"("configurationId":"webhook-global","bucket":{"name":"raw","ownerIdentity":{)"
    R"("PrincipalId":"K"},"arn":"arn:aws:s3:::/raw/date=2026-11-23/14/x.gz"},"object":{)"
    R"("key":"date=2026-11-23/14/x.gz","size":7,"eTag":"\"8f2e1b-2\"","versionId":null,)"
    R"("sequencer":"17A2D9B7E0C5A1F0"}},"glacierEventData":{"restoreEventData":{)"
    R"("lifecycleRestorationExpiryTime":"","lifecycleRestoreStorageClass":""}}}]})";

inline constexpr std::string_view kEventBridgeBody =
    R"({"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created",)"
    R"("source":"aws.s3","account":"111122223333","time":"2026-11-23T14:05:02Z",)"
    R"("region":"ca-central-1","resources":["arn:aws:s3:::acme-raw"],"detail":{"version":"0",)"
    R"("bucket":{"name":"acme-raw"},"object":{"key":"date=2026-11-23/14/a+b%2Bc.ndjson","size":5,)"
    R"("etag":"b1946ac92492d2347c6235b4d2611184","version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",)"
    R"("sequencer":"617f08299329d189"},"request-id":"N4N7GDK58NMKJ12R",)"
    R"("requester":"123456789012","source-ip-address":"1.2.3.4","reason":"CopyObject"}})";

}  // namespace sluice
